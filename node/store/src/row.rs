//! Rows on their way back: bytes to typed values, and an error that names the row for any that do not fit.

use std::fmt::Display;

use williw_core::amount::Amount;
use williw_core::cycle::{Cycle, Height, Seconds, UnixSeconds};
use williw_core::cycle_stake::CycleStake;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, PeerId, Signer};
use williw_core::ledger::Point;

use crate::error::StoreError;

/// The name of a row, for errors.
pub(crate) struct Row<K> {
    pub(crate) table: &'static str,
    pub(crate) key: K,
}

impl<K: Display> Row<K> {
    /// The error that something in this row is wrong.
    pub(crate) fn corrupt(&self, fault: impl Display) -> StoreError {
        StoreError::Corrupt { table: self.table, key: self.key.to_string(), fault: fault.to_string() }
    }

    /// Exactly `N` bytes. The tables check lengths when they are written; this is for what became of them since.
    pub(crate) fn bytes<const N: usize>(&self, column: &str, bytes: &[u8]) -> Result<[u8; N], StoreError> {
        let wrong = |_| self.corrupt(format_args!("{column} has {} bytes instead of {N}", bytes.len()));
        bytes.try_into().map_err(wrong)
    }

    pub(crate) fn number(&self, column: &str, bytes: &[u8]) -> Result<u64, StoreError> {
        self.bytes(column, bytes).map(u64::from_be_bytes)
    }

    pub(crate) fn amount(&self, column: &str, bytes: &[u8]) -> Result<Amount, StoreError> {
        self.bytes(column, bytes).map(u128::from_be_bytes).map(Amount)
    }

    pub(crate) fn cycle(&self, column: &str, bytes: &[u8]) -> Result<Cycle, StoreError> {
        self.number(column, bytes).map(Cycle)
    }

    pub(crate) fn time(&self, column: &str, bytes: &[u8]) -> Result<UnixSeconds, StoreError> {
        self.number(column, bytes).map(UnixSeconds)
    }

    pub(crate) fn span(&self, column: &str, bytes: &[u8]) -> Result<Seconds, StoreError> {
        self.number(column, bytes).map(Seconds)
    }

    pub(crate) fn height(&self, column: &str, bytes: &[u8]) -> Result<Height, StoreError> {
        self.number(column, bytes).map(Height)
    }

    pub(crate) fn point(&self, columns: [&str; 2], height: &[u8], time: &[u8]) -> Result<Point, StoreError> {
        Ok(Point { height: self.height(columns[0], height)?, time: self.time(columns[1], time)? })
    }

    pub(crate) fn hash(&self, column: &str, bytes: &[u8]) -> Result<Hash, StoreError> {
        self.bytes(column, bytes).map(Hash)
    }

    pub(crate) fn account(&self, column: &str, bytes: &[u8]) -> Result<Account, StoreError> {
        self.bytes(column, bytes).map(Account)
    }

    pub(crate) fn signer(&self, column: &str, bytes: &[u8]) -> Result<Signer, StoreError> {
        self.bytes(column, bytes).map(Signer)
    }

    pub(crate) fn peer(&self, column: &str, bytes: &[u8]) -> Result<PeerId, StoreError> {
        self.bytes(column, bytes).map(PeerId)
    }

    /// The four numbers that make up a cycle stake, the counted value in column `value`.
    pub(crate) fn stake(&self, value: &str, columns: StakeColumns<'_>) -> Result<CycleStake, StoreError> {
        Ok(CycleStake::read_back(
            self.amount(value, columns.value)?,
            self.amount("floor", columns.floor)?,
            self.amount("floor_prev", columns.floor_prev)?,
            self.cycle("cycle", columns.cycle)?,
        ))
    }

    pub(crate) fn chain(&self, number: i64) -> Result<ChainId, StoreError> {
        let chain = u8::try_from(number).ok().and_then(ChainId::from_byte);
        chain.ok_or_else(|| self.corrupt(format_args!("{number} is no chain")))
    }
}

pub(crate) struct StakeColumns<'a> {
    pub(crate) value: &'a [u8],
    pub(crate) floor: &'a [u8],
    pub(crate) floor_prev: &'a [u8],
    pub(crate) cycle: &'a [u8],
}

/// A chain as the tables number it.
pub(crate) fn number(chain: ChainId) -> i64 {
    i64::from(chain.byte())
}

/// Bytes as people read them, to name a row by.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
