//! Claims and where they are paid.

use super::pool::{Pool, total_of};
use super::{Block, Contracts, Refusal};
use crate::amount::Amount;
use crate::identity::Account;
use crate::merkle::{Entitlement, Proof};

impl Contracts {
    /// Pays what `owner` is entitled to and has not had, to its recipient; anyone may. Nothing to claim is no error.
    pub fn claim(&mut self, at: Block, owner: Account, cumulative: Amount, proof: &Proof) -> Result<Amount, Refusal> {
        let mut pool = self.settled_pool(at);
        let amount = self.claim_from(&mut pool, owner, cumulative, proof)?;
        self.pool = pool;
        Ok(amount)
    }

    /// Several claims at once, all of them or none. Returns what was paid in total.
    pub fn claim_many(&mut self, at: Block, claims: &[(Account, Amount, Proof)]) -> Result<Amount, Refusal> {
        let mut pool = self.settled_pool(at);
        let mut total = Amount::ZERO;
        for (owner, cumulative, proof) in claims {
            total = total.plus(self.claim_from(&mut pool, *owner, *cumulative, proof)?)?;
        }
        self.pool = pool;
        Ok(total)
    }

    fn claim_from(
        &self,
        pool: &mut Pool,
        owner: Account,
        cumulative: Amount,
        proof: &Proof,
    ) -> Result<Amount, Refusal> {
        let root = pool.active.ok_or(Refusal::NoRoot)?;
        if !proof.verify(root.root, &Entitlement { owner: self.owner(owner), cumulative }) {
            return Err(Refusal::BadProof);
        }
        let amount = cumulative.less(pool.claimed(owner));
        if amount.is_zero() {
            return Ok(amount);
        }
        let paid = pool.paid.plus(amount).map_err(|_| Refusal::AboveTotal)?;
        // The leaves of a bad root may promise more than its total, but the pool pays no more than that.
        if paid > total_of(&root, self.chain()) {
            return Err(Refusal::AboveTotal);
        }
        pool.claimed.insert(owner, cumulative);
        pool.paid = paid;
        Ok(amount)
    }

    /// Names where the owner's rewards shall go; in force only once that address confirms.
    pub fn set_recipient(&mut self, owner: Account, recipient: Account) {
        self.pool.proposed_recipients.insert(owner, recipient);
    }

    /// Confirms, as the new address, that it can be paid.
    pub fn confirm_recipient(&mut self, caller: Account, owner: Account) -> Result<(), Refusal> {
        if self.pool.proposed_recipients.get(&owner) != Some(&caller) {
            return Err(Refusal::NotRecipient);
        }
        self.pool.proposed_recipients.remove(&owner);
        self.pool.recipients.insert(owner, caller);
        Ok(())
    }
}
