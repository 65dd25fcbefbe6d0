//! Keys and punishment: `rotate`, `slash`, `unjail`.

use super::{Block, Contracts, Refusal, add};
use crate::amount::Amount;
use crate::fact::{Body, Slashed};
use crate::identity::Account;
use crate::link::LinkTerms;
use crate::offence::{Accused, Evidence};
use crate::secp256k1::Signature;
use crate::slash::cut;
use crate::tenure::Tenure;

impl Contracts {
    /// Replaces the link: a new peer key, a new signer, or both. With the present signer only the peer changes.
    pub fn rotate(&mut self, at: Block, owner: Account, link: LinkTerms, signature: &Signature) -> Result<(), Refusal> {
        let cycle = self.cycle(at)?;
        let operator = self.vault.operators.get(&owner).ok_or(Refusal::NotRegistered)?;
        if operator.is_jailed() {
            return Err(Refusal::Jailed);
        }
        let old = operator.signer;
        self.check_link(owner, operator.nonce, Some(old), &link, signature)?;

        if link.signer != old {
            let tenure = self.vault.signers.get_mut(&old).expect("the present signer has a tenure");
            let next = tenure.rotate(cycle);
            self.vault.signers.insert(link.signer, next);
        }
        let operator = self.vault.operator_mut(owner)?;
        (operator.signer, operator.nonce) = (link.signer, link.nonce);
        self.record(at, Body::Rotated { account: owner, link });
        Ok(())
    }

    /// Slashes and jails whoever signed both statements; anyone may. Returns what was taken.
    ///
    /// It takes what is there, queue included, and pays nobody: the bounty is credited and collected later.
    pub fn slash(&mut self, at: Block, evidence: &Evidence, beneficiary: Account) -> Result<Amount, Refusal> {
        let cycle = self.cycle(at)?;
        let parameters = self.vault.parameters;
        let contradiction = evidence.prove(self.deployment.network)?;
        let tenure = self.vault.signers.get(&contradiction.signer()).copied();
        let accused = tenure.map(|tenure| {
            let operator = &self.vault.operators[&tenure.owner.account];
            Accused { tenure, term: operator.term, jailed: operator.is_jailed() }
        });
        contradiction.convict(accused, cycle, parameters.evidence_cycles)?;

        let account = tenure.expect("convicted, so the signer is known").owner.account;
        let operator = self.vault.operators.get_mut(&account).ok_or(Refusal::NotRegistered)?;
        let queue: Vec<Amount> = operator.queue.iter().map(|entry| entry.amount).collect();
        let cut = cut(operator.active, &queue, parameters.slash)?;
        for (entry, left) in operator.queue.iter_mut().zip(&cut.queue) {
            entry.amount = *left;
        }
        operator.active = cut.active;
        operator.jailed_until = Some(at.time.plus(parameters.unstaking_period));
        operator.stake.jail(&mut self.vault.total, cycle).expect("the total is the sum of what the operators count");
        let (active, queued) = (operator.active, operator.queued());
        add(self.vault.bounties.entry(beneficiary).or_default(), cut.bounty);
        add(&mut self.vault.books.burned, cut.taken.less(cut.bounty));
        let slashed =
            Slashed { account, active, queued, taken: cut.taken, bounty: cut.bounty, beneficiary, evidence: *evidence };
        self.record(at, Body::Slashed(Box::new(slashed)));
        Ok(cut.taken)
    }

    /// Ends the owner's jail with a new signer; every earlier signer is void from now on.
    pub fn unjail(&mut self, at: Block, owner: Account, link: LinkTerms, signature: &Signature) -> Result<(), Refusal> {
        let (cycle, parameters) = (self.cycle(at)?, self.vault.parameters);
        let operator = self.vault.operators.get(&owner).ok_or(Refusal::NotRegistered)?;
        let until = operator.jailed_until.ok_or(Refusal::NotJailed)?;
        self.check_link(owner, operator.nonce, None, &link, signature)?;
        if operator.active < parameters.min_stake {
            return Err(Refusal::BelowMinStake);
        }
        if at.time < until {
            return Err(Refusal::StillJailed);
        }

        let operator = self.vault.operators.get_mut(&owner).ok_or(Refusal::NotRegistered)?;
        operator.jailed_until = None;
        operator.term = operator.term.checked_add(1).expect("no operator is jailed 2^64 times");
        (operator.signer, operator.nonce) = (link.signer, link.nonce);
        let (active, term) = (operator.active, operator.term);
        operator.set_active(&mut self.vault.total, cycle, active);
        let tenure = Tenure::begin(self.owner(owner), cycle, term);
        self.vault.signers.insert(link.signer, tenure);
        self.record(at, Body::Unjailed { account: owner, active, link });
        Ok(())
    }
}
