//! A sheet: the heads of all journals at one slot, as one endpoint has them.
//!
//! Three questions, for the config is of another kind than operators: the config, then the operators, then the config
//! again. Its head and its count only ever grow, so if they are the same before and after, they were so in between.

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::prelude::Pubkey;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::identity::Account;
use williw_core::ledger::{BEGINNING_CAP, JournalEnd};

use super::Endpoint;
use super::account::{KIND_LEN, decode_part, end};
use super::ask::{AtSlot, Commitment, Front, Keyed, Part};
use super::derive::{Addresses, account_of};
use super::program::williw::accounts::Operator;
use crate::fault::{AccountFault, EndpointFault};

/// How often the config may change while operators are read.
const TRIES: usize = 4;

/// The first bytes of an operator's account: all that a sheet needs of it.
const NEEDED: usize = KIND_LEN + std::mem::offset_of!(Operator, index) + size_of::<u64>();

// Whatever a sheet reads lies before the index.
const _: () = assert!(std::mem::offset_of!(Operator, owner) < std::mem::offset_of!(Operator, index));
const _: () = assert!(std::mem::offset_of!(Operator, head) < std::mem::offset_of!(Operator, index));

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

/// The answers that a sheet is made of.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) before: Front,
    pub(crate) operators: AtSlot<Vec<Keyed>>,
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
    /// Asks for what a sheet is made of, or for whole accounts.
    pub(crate) async fn set(&self, addresses: &Addresses, part: SetPart) -> Result<Answers, EndpointFault> {
        self.set_from(addresses, part, Height(0)).await
    }

    /// The same, at or after a slot.
    pub(crate) async fn set_from(
        &self,
        addresses: &Addresses,
        part: SetPart,
        from: Height,
    ) -> Result<Answers, EndpointFault> {
        let part = match part {
            SetPart::Heads => Part::First(NEEDED),
            SetPart::Whole => Part::Whole,
        };
        let mut before = self.front(addresses, Commitment::Finalized, from).await?;
        for _ in 0..TRIES {
            let operators =
                self.every::<Operator>(&addresses.program, Commitment::Finalized, before.slot, part).await?;
            let after = self.front(addresses, Commitment::Finalized, operators.slot()).await?;
            if same_set(&before, &after) {
                return Ok(Answers { before, operators });
            }
            before = after;
        }
        Err(EndpointFault::Unsettled)
    }
}

/// What is wanted of operators.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SetPart {
    Heads,
    Whole,
}

/// Whether the config says the same of the set.
pub(crate) fn same_set(before: &Front, after: &Front) -> bool {
    before.config.operators == after.config.operators && end(before.config.head) == end(after.config.head)
}

impl Answers {
    /// The sheet, if the set is whole.
    pub(crate) fn sheet(&self, addresses: &Addresses, derived: &mut Derived) -> Result<Sheet, EndpointFault> {
        let count = self.before.config.operators;
        let operators = operators(&self.operators.value, decode_part, count, addresses, derived)?;
        let mut ends: BTreeMap<Account, JournalEnd> =
            operators.iter().map(|(journal, operator)| (*journal, end(operator.head))).collect();
        ends.insert(account_of(addresses.config), end(self.before.config.head));
        Ok(Sheet { slot: self.operators.slot(), time: self.before.time, count, ends })
    }
}

/// Reads the accounts of a whole set of operators, each at the address that its owner leads to.
pub(crate) fn operators(
    shown: &[Keyed],
    decode: fn(&[u8]) -> Result<Operator, AccountFault>,
    count: u64,
    addresses: &Addresses,
    derived: &mut Derived,
) -> Result<Vec<(Account, Operator)>, EndpointFault> {
    if shown.len() > BEGINNING_CAP {
        return Err(EndpointFault::TooManyOperators { cap: BEGINNING_CAP });
    }
    let read = |keyed: &Keyed| {
        let address = keyed.address().ok_or(EndpointFault::Undecodable("getProgramAccounts"))?;
        let operator = keyed.account.bytes_of(&addresses.program).and_then(|bytes| decode(&bytes));
        let account = account_of(address);
        operator.map(|operator| (account, operator)).map_err(|why| EndpointFault::BadAccount { account, why })
    };
    let operators = shown.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    whole(operators.iter().map(|(_, operator)| operator.index), count)?;
    // What costs most comes last.
    for (account, operator) in &operators {
        if account_of(derived.operator(addresses, account_of(operator.owner))) != *account {
            return Err(EndpointFault::BadAccount { account: *account, why: AccountFault::Address });
        }
    }
    Ok(operators)
}

/// Every index below the count is there, once, and no other.
pub(crate) fn whole(indexes: impl Iterator<Item = u64>, count: u64) -> Result<(), EndpointFault> {
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
    use super::whole;
    use crate::fault::EndpointFault;

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
