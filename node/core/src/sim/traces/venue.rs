//! What the chains differ in, as far as whoever writes a trace has to know.

use super::wide::Wide;
use crate::identity::{Account, ChainId};

/// How many people stake; their numbers begin at 1.
pub const PEOPLE: u8 = 7;

/// Somebody with tokens and no other part.
pub const STRANGER: u8 = 0x99;

/// The first governor. The role is offered to it and the two numbers behind it.
pub const GOVERNOR: u8 = 0xa1;

/// The first guardian. The one behind it may follow.
pub const GUARDIAN: u8 = 0xa2;

/// One of two to whom rewards are redirected.
pub const RECIPIENT: u8 = 0xb1;

/// A chain to write traces for.
#[derive(Clone, Copy, Debug)]
pub struct Venue {
    pub chain: ChainId,
    /// The account that goes by a number.
    pub named: fn(u8) -> Account,
    /// What amounts are counted in, one of these in each trace.
    pub units: &'static [u128],
    /// The largest amount that a verb can name.
    pub most: u128,
    /// What those begin with who lack nothing.
    pub plenty: Wide,
    /// Whether tokens are taken by allowances and permits, and the chain's own coin beside them.
    pub approves: bool,
}

impl Venue {
    #[must_use]
    pub fn account(&self, number: u8) -> Account {
        (self.named)(number)
    }

    /// Those who stake.
    #[must_use]
    pub fn people(&self) -> Vec<Account> {
        (1..=PEOPLE).map(self.named).collect()
    }

    /// Everybody who may own or be paid anything.
    #[must_use]
    pub fn everybody(&self) -> Vec<Account> {
        (1..=PEOPLE).chain([STRANGER, GOVERNOR, RECIPIENT, RECIPIENT + 1]).map(self.named).collect()
    }

    /// The number of somebody who stakes.
    #[must_use]
    pub fn number(&self, who: Account) -> Option<u8> {
        (1..=PEOPLE).find(|number| self.account(*number) == who)
    }
}
