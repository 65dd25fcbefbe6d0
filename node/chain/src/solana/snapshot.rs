//! How named operators stand in their accounts, at the final head or at the tip.
//!
//! Endpoints are asked for the accounts as they are, so each answers as of a slot of its own. What a quorum has alike was so
//! at the earliest of those slots.

use anchor_lang::prelude::Pubkey;
use williw_core::amount::Amount;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::identity::{Account, Signer};

use super::account::{amount, ours};
use super::ask::Commitment;
use super::derive::{Addresses, account_of};
use super::program::williw::accounts::Operator;
use super::{Endpoint, Solana};
use crate::fault::{AccountFault, ChainError, EndpointFault, Reading};
use crate::panel::Matter;
use crate::quorum::agreed;
use crate::snapshot::{OperatorSnapshot, QueueEntry, SNAPSHOT_CAP, StandingOnChain};

const MATTER: Matter = Matter::Lookup;

/// How often endpoints are asked that are at different slots, with something happening between.
const TRIES: usize = 4;

/// What one endpoint shows, and the slot that it shows it of.
type Claim = (Height, Vec<Option<StandingOnChain>>);

impl Solana {
    /// Looks operators up at the final head, as a quorum has them.
    pub async fn snapshot(&mut self, accounts: &[Account]) -> Result<Reading<Vec<OperatorSnapshot>>, ChainError> {
        self.look_up(accounts, Commitment::Finalized).await
    }

    /// Looks one operator up at the tip, as a quorum has it. What is read there may still be taken back.
    pub async fn operator_at_tip(&mut self, account: Account) -> Result<Reading<OperatorSnapshot>, ChainError> {
        let Reading { value, faults } = self.look_up(&[account], Commitment::Confirmed).await?;
        let [one]: [OperatorSnapshot; 1] = value.try_into().expect("as many as were asked for");
        Ok(Reading { value: one, faults })
    }

    async fn look_up(
        &mut self,
        accounts: &[Account],
        commitment: Commitment,
    ) -> Result<Reading<Vec<OperatorSnapshot>>, ChainError> {
        if accounts.len() > SNAPSHOT_CAP {
            return Err(ChainError::TooManyAccounts { asked: accounts.len(), cap: SNAPSHOT_CAP });
        }
        self.begin(MATTER).await;
        let addresses = self.addresses;
        let places: Vec<(Account, Pubkey)> =
            accounts.iter().map(|account| (*account, self.derived.operator(&addresses, *account))).collect();
        let (mut from, quorum) = (Height(0), self.panel.quorum);
        for attempt in 1..=TRIES {
            let ask = |index: usize| (index, standings(&self.panel[index], &addresses, &places, commitment, from));
            let sound = self.panel.sound(MATTER);
            let answers = self.panel.gather(sound.into_iter().map(ask), |good| truth(good, quorum).is_some()).await;
            let claims = self.panel.settle(MATTER, answers);
            let Some(standings) = truth(&claims, quorum).cloned() else {
                // Whoever is behind has to come to where the others are.
                from = claims.iter().map(|(_, (slot, _))| *slot).max().unwrap_or_default();
                if attempt == TRIES || claims.len() < quorum { break } else { continue }
            };
            let with = |(_, claim): &&(usize, Claim)| claim.1 == standings;
            let at = claims.iter().filter(with).map(|(_, (slot, _))| *slot).min().unwrap_or_default();
            let newest = claims.iter().filter(with).map(|(_, (slot, _))| *slot).max().unwrap_or_default();
            for (index, (slot, claim)) in &claims {
                // What was so at two slots was so in between.
                if *claim != standings && at <= *slot && *slot <= newest {
                    self.panel.blame(MATTER, *index, EndpointFault::Contradicts("an operator"));
                }
            }
            let snapshot = |(account, operator): (&Account, Option<StandingOnChain>)| OperatorSnapshot {
                account: *account,
                at,
                operator,
            };
            let value = accounts.iter().zip(standings).map(snapshot).collect();
            return Ok(Reading { value, faults: self.panel.faults(MATTER) });
        }
        Err(self.panel.no_quorum(MATTER, "the operator"))
    }
}

/// What a quorum shows alike.
fn truth(claims: &[(usize, Claim)], quorum: usize) -> Option<&Vec<Option<StandingOnChain>>> {
    let compared: Vec<_> = claims.iter().map(|(index, (_, standings))| (*index, standings)).collect();
    agreed(&compared, quorum)
}

async fn standings(
    endpoint: &Endpoint,
    addresses: &Addresses,
    places: &[(Account, Pubkey)],
    commitment: Commitment,
    from: Height,
) -> Result<Claim, EndpointFault> {
    let at: Vec<Pubkey> = places.iter().map(|(_, address)| *address).collect();
    let answer = endpoint.accounts(&at, commitment, from).await?;
    let slot = answer.slot();
    let mut standings = Vec::with_capacity(places.len());
    for ((owner, address), shown) in places.iter().zip(&answer.value) {
        let bad = |why| EndpointFault::BadAccount { account: account_of(*address), why };
        standings.push(match shown {
            // Lamports can be sent to an address before there is anything.
            None => None,
            Some(shown) if shown.is_bare() => None,
            Some(shown) => {
                let operator: Operator = ours(&addresses.program, *address, shown)?;
                if account_of(operator.owner) != *owner {
                    return Err(bad(AccountFault::Address));
                }
                Some(standing(&operator).map_err(bad)?)
            }
        });
    }
    Ok((slot, standings))
}

/// What an operator's account says of how it stands.
pub(crate) fn standing(operator: &Operator) -> Result<StandingOnChain, AccountFault> {
    let queue = operator.queue.get(..usize::from(operator.entries)).ok_or(AccountFault::Contents)?;
    let queued = Amount::sum(queue.iter().map(|entry| amount(entry.amount))).map_err(|_| AccountFault::Contents)?;
    let entry = |entry: &super::program::types::Entry| QueueEntry {
        ticket: entry.ticket,
        amount: amount(entry.amount),
        maturity: UnixSeconds(entry.maturity),
    };
    Ok(StandingOnChain {
        index: operator.index,
        active: amount(operator.active),
        queued,
        signer: Signer(operator.signer),
        nonce: operator.nonce,
        term: operator.term,
        jailed_until: (operator.jailed_until != 0).then_some(UnixSeconds(operator.jailed_until)),
        queue: queue.iter().map(entry).collect(),
    })
}
