//! A sheet: the heads of all journals at one slot, as one endpoint has them.
//!
//! The accounts that have a journal begin alike, so one question shows the config and every operator as they are at one
//! slot; and so do all accounts that a ledger begins with. However fast they change, no answer shows one of them as of
//! before and another as of after.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anchor_lang::Discriminator;
use anchor_lang::prelude::Pubkey;
use tokio::task::spawn_blocking;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::identity::{Account, Signer};
use williw_core::ledger::{BEGINNING_CAP, JournalEnd};

use super::account::{KIND_LEN, Record, decode, decode_part, end};
use super::ask::{AtSlot, Commitment, Keyed, Part};
use super::derive::{Addresses, account_of};
use super::program::williw::accounts::{Config, Operator, Tenure};
use super::{Endpoint, Solana};
use crate::fault::{AccountFault, EndpointFault};

/// The first bytes of an account with a journal: all that a sheet needs of it.
const NEEDED: usize = KIND_LEN + std::mem::offset_of!(Operator, index) + size_of::<u64>();

/// How the accounts begin that have a journal, and how those begin that a ledger begins with.
const JOURNALS: &[u8] = b"williwj";
const EVERYTHING: &[u8] = b"williw";

// Whatever a sheet reads lies before the index, or is the index.
const _: () = assert!(std::mem::offset_of!(Operator, owner) < std::mem::offset_of!(Operator, index));
const _: () = assert!(std::mem::offset_of!(Operator, head) < std::mem::offset_of!(Operator, index));
const _: () = assert!(std::mem::offset_of!(Config, head) < std::mem::offset_of!(Config, operators));
const _: () = assert!(std::mem::offset_of!(Config, operators) < std::mem::offset_of!(Operator, index));

/// All heads at one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) slot: Height,
    /// Not after the time of that slot.
    pub(crate) time: UnixSeconds,
    /// How many operators the config counts.
    pub(crate) count: u64,
    /// Of the config and of every operator.
    pub(crate) ends: BTreeMap<Account, JournalEnd>,
}

/// Which accounts are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// Those with a journal, as far as a sheet needs them.
    Heads,
    /// All that a ledger begins with.
    Everything,
}

impl Wanted {
    /// The most accounts that are read: the config, operators, and for each of them as many signers as a ledger takes.
    const fn most(self) -> usize {
        match self {
            Self::Heads => 1 + BEGINNING_CAP,
            Self::Everything => 1 + BEGINNING_CAP * 3,
        }
    }

    fn read<T: Record>(self, bytes: &[u8]) -> Result<T, AccountFault> {
        match self {
            Self::Heads => decode_part(bytes),
            Self::Everything => decode(bytes),
        }
    }
}

/// What an endpoint answers.
#[derive(Debug)]
pub(crate) struct Answers {
    wanted: Wanted,
    time: UnixSeconds,
    accounts: AtSlot<Vec<Keyed>>,
}

/// The accounts of one slot, each at the address that it leads to, and not one operator too few.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) slot: Height,
    pub(crate) time: UnixSeconds,
    pub(crate) config: Config,
    pub(crate) operators: Vec<(Account, Operator)>,
    pub(crate) tenures: Vec<Tenure>,
}

/// Where the accounts of owners lie. Deriving an address costs more than anything else here, so each is derived once.
#[derive(Debug, Default)]
pub(crate) struct Derived(BTreeMap<Account, Pubkey>);

impl Derived {
    pub(crate) fn operator(&mut self, addresses: &Addresses, owner: Account) -> Pubkey {
        // Who invents owners does not fill our memory.
        if self.0.len() > BEGINNING_CAP {
            self.0.clear();
        }
        *self.0.entry(owner).or_insert_with(|| addresses.operator(owner))
    }
}

impl Endpoint {
    /// Asks for accounts.
    pub(crate) async fn set(&self, addresses: &Addresses, wanted: Wanted) -> Result<Answers, EndpointFault> {
        let front = self.front(addresses, Commitment::Finalized, Height(0)).await?;
        let (beginning, part) = match wanted {
            Wanted::Heads => (JOURNALS, Part::First(NEEDED)),
            Wanted::Everything => (EVERYTHING, Part::Whole),
        };
        let accounts = self.every(&addresses.program, Commitment::Finalized, front.slot, beginning, part).await?;
        Ok(Answers { wanted, time: front.time, accounts })
    }
}

impl Solana {
    /// Reads what endpoints answered. That takes seconds if it is much, and nobody else is kept waiting.
    pub(super) async fn read_sets<T: Send + 'static>(
        &mut self,
        answers: Vec<(usize, Answers)>,
        then: impl Fn(&Addresses, Set) -> Result<T, EndpointFault> + Send + Sync + 'static,
    ) -> Vec<(usize, Result<T, EndpointFault>)> {
        let (addresses, then) = (self.addresses, Arc::new(then));
        let mut reading = Vec::with_capacity(answers.len());
        for (index, answers) in answers {
            let (mut derived, then) = (std::mem::take(&mut self.panel[index].seen.derived), Arc::clone(&then));
            let read = move || (answers.set(&addresses, &mut derived).and_then(|set| then(&addresses, set)), derived);
            reading.push((index, spawn_blocking(read)));
        }
        let mut sets = Vec::with_capacity(reading.len());
        for (index, read) in reading {
            let (set, derived) = read.await.expect("reading accounts does not panic");
            self.panel[index].seen.derived = derived;
            sets.push((index, set));
        }
        sets
    }
}

impl Answers {
    fn set(self, addresses: &Addresses, derived: &mut Derived) -> Result<Set, EndpointFault> {
        let (slot, most) = (self.accounts.slot(), self.wanted.most());
        if self.accounts.value.len() > most {
            return Err(EndpointFault::TooManyOperators { cap: BEGINNING_CAP });
        }
        let (mut configs, mut operators, mut tenures) = (Vec::new(), Vec::new(), Vec::new());
        for keyed in &self.accounts.value {
            let address = keyed.address().ok_or(EndpointFault::Undecodable("getProgramAccounts"))?;
            let bad = |why| EndpointFault::BadAccount { account: account_of(address), why };
            let bytes = keyed.account.bytes_of(&addresses.program).map_err(bad)?;
            if bytes.starts_with(Config::DISCRIMINATOR) {
                configs.push((address, self.wanted.read::<Config>(&bytes).map_err(bad)?));
            } else if bytes.starts_with(Operator::DISCRIMINATOR) {
                operators.push((account_of(address), self.wanted.read::<Operator>(&bytes).map_err(bad)?));
            } else if bytes.starts_with(Tenure::DISCRIMINATOR) && matches!(self.wanted, Wanted::Everything) {
                tenures.push((address, self.wanted.read::<Tenure>(&bytes).map_err(bad)?));
            } else {
                return Err(bad(AccountFault::Kind));
            }
        }
        let config = match configs.as_slice() {
            [(address, config)] if *address == addresses.config => *config,
            [] => return Err(EndpointFault::NoConfig),
            [(address, _), ..] => return Err(elsewhere(account_of(*address))),
        };
        whole(operators.iter().map(|(_, operator)| operator.index), config.operators)?;
        // What costs most comes last.
        for (account, operator) in &operators {
            if account_of(derived.operator(addresses, account_of(operator.owner))) != *account {
                return Err(elsewhere(*account));
            }
        }
        for (address, tenure) in &tenures {
            if addresses.tenure(Signer(tenure.signer)) != *address {
                return Err(elsewhere(account_of(*address)));
            }
        }
        let tenures = tenures.into_iter().map(|(_, tenure)| tenure).collect();
        Ok(Set { slot, time: self.time, config, operators, tenures })
    }
}

/// What an account holds leads to another address.
const fn elsewhere(account: Account) -> EndpointFault {
    EndpointFault::BadAccount { account, why: AccountFault::Address }
}

impl Sheet {
    /// The time of the last fact.
    pub(crate) fn last(&self) -> UnixSeconds {
        self.ends.values().map(|end| end.last.time).max().unwrap_or_default()
    }
}

impl Set {
    pub(crate) fn sheet(&self, addresses: &Addresses) -> Sheet {
        let operators = self.operators.iter().map(|(journal, operator)| (*journal, end(operator.head)));
        let config = (account_of(addresses.config), end(self.config.head));
        Sheet {
            slot: self.slot,
            time: self.time,
            count: self.config.operators,
            ends: operators.chain([config]).collect(),
        }
    }
}

/// Every index below the count is there, once, and no other.
fn whole(indexes: impl Iterator<Item = u64>, count: u64) -> Result<(), EndpointFault> {
    let mut there = BTreeSet::new();
    for index in indexes {
        if !there.insert(index) {
            return Err(EndpointFault::TwoOperators { index });
        }
    }
    // The first hole, or else the first one too many.
    let hole = (0_u64..).zip(&there).find(|(expected, index)| expected != *index);
    let hole = hole.map_or(there.len() as u64, |(expected, _)| expected);
    match there.last() {
        _ if hole < count => Err(EndpointFault::OmitsOperator { index: hole, count }),
        Some(last) if *last >= count => Err(EndpointFault::InventsOperator { index: *last, count }),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_accounts_than_a_ledger_takes_are_refused_before_they_are_read() {
        let account = serde_json::json!({ "data": ["", "base64"], "owner": "", "executable": false });
        let one = serde_json::json!({ "pubkey": "", "account": account });
        let addresses = Addresses::of(Pubkey::new_from_array([1; 32]));
        for (wanted, most) in [(Wanted::Heads, 100_001), (Wanted::Everything, 300_001)] {
            let read = |count: usize| {
                let many = serde_json::json!({ "context": { "slot": 1 }, "value": vec![one.clone(); count] });
                let accounts = serde_json::from_value(many).unwrap();
                let answers = Answers { wanted, time: UnixSeconds(0), accounts };
                answers.set(&addresses, &mut Derived::default()).map(|set| set.slot)
            };
            assert_eq!(read(most + 1), Err(EndpointFault::TooManyOperators { cap: BEGINNING_CAP }));
            assert_eq!(read(most), Err(EndpointFault::Undecodable("getProgramAccounts")));
        }
    }

    #[test]
    fn a_set_is_whole_or_it_is_said_what_is_wrong() {
        assert_eq!(whole([2, 0, 1].into_iter(), 3), Ok(()));
        assert_eq!(whole([].into_iter(), 0), Ok(()));
        let omits = |index, count| Err(EndpointFault::OmitsOperator { index, count });
        assert_eq!(whole([2, 0].into_iter(), 3), omits(1, 3));
        assert_eq!(whole([0, 1].into_iter(), 3), omits(2, 3));
        assert_eq!(whole([0, 2].into_iter(), 2), omits(1, 2), "as many as there are, and yet one is missing");
        assert_eq!(whole([].into_iter(), 1), omits(0, 1));
        assert_eq!(whole([0, 1, 1].into_iter(), 3), Err(EndpointFault::TwoOperators { index: 1 }));
        let invents = |index, count| Err(EndpointFault::InventsOperator { index, count });
        assert_eq!(whole([0, 1, 2].into_iter(), 2), invents(2, 2));
        assert_eq!(whole([u64::MAX].into_iter(), 0), invents(u64::MAX, 0));
    }
}
