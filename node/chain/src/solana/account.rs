//! Accounts as endpoints show them, and what they hold.

use anchor_lang::Discriminator;
use anchor_lang::prelude::Pubkey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytemuck::Pod;
use serde::Deserialize;
use williw_core::amount::{Amount, Bps};
use williw_core::cycle::{Cycle, Seconds, UnixSeconds};
use williw_core::cycle_stake::CycleStake;
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::hash::Hash;
use williw_core::journal::Head;
use williw_core::ledger::{JournalEnd, Point, PostedRoot};
use williw_core::statement::RewardRoot;

use super::derive::{SYSVARS, account_of};
use super::program::types;
use super::program::williw::accounts::{Config, Operator, Tenure};
use crate::fault::{AccountFault, EndpointFault};

/// The layout that this release knows.
pub const VERSION: u8 = 1;

/// What kind of account something is begins its bytes.
pub(crate) const KIND_LEN: usize = 8;

/// An account in an answer. What else stands beside it is skipped and not kept.
#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    /// The bytes, and in which letters they are written.
    data: (String, String),
    owner: String,
    executable: bool,
}

impl Shown {
    /// True if somebody sent lamports to the address, and nothing else is there.
    pub(crate) fn is_bare(&self) -> bool {
        self.data.0.is_empty() && self.owner() == Some(anchor_lang::system_program::ID)
    }

    /// The program that it belongs to; none if that is no address.
    pub(crate) fn owner(&self) -> Option<Pubkey> {
        self.owner.parse().ok()
    }

    pub(crate) const fn is_executable(&self) -> bool {
        self.executable
    }

    /// Its bytes, if it belongs to `program`.
    pub(crate) fn bytes_of(&self, program: &Pubkey) -> Result<Vec<u8>, AccountFault> {
        if self.owner().as_ref() != Some(program) {
            return Err(AccountFault::Owner);
        }
        let (text, encoding) = &self.data;
        if encoding != "base64" {
            return Err(AccountFault::Contents);
        }
        STANDARD.decode(text).map_err(|_| AccountFault::Contents)
    }
}

/// An account of our program.
pub(crate) trait Record: Pod + Discriminator {
    fn version(&self) -> u8;
}

macro_rules! record {
    ($($name:ty)*) => {
        $(impl Record for $name {
            fn version(&self) -> u8 {
                self.version
            }
        })*
    };
}
record!(Config Operator Tenure);

/// How many bytes an account of this kind has.
pub(crate) const fn space<T: Record>() -> usize {
    KIND_LEN + size_of::<T>()
}

/// What the bytes of a whole account hold.
pub(crate) fn decode<T: Record>(bytes: &[u8]) -> Result<T, AccountFault> {
    if bytes.len() != space::<T>() {
        return Err(AccountFault::Size);
    }
    decode_part(bytes)
}

/// What the first bytes of an account hold; zeros where they end.
pub(crate) fn decode_part<T: Record>(bytes: &[u8]) -> Result<T, AccountFault> {
    let (kind, rest) = bytes.split_at_checked(KIND_LEN).ok_or(AccountFault::Size)?;
    if kind != T::DISCRIMINATOR {
        return Err(AccountFault::Kind);
    }
    let mut record = T::zeroed();
    let whole = bytemuck::bytes_of_mut(&mut record);
    whole.get_mut(..rest.len()).ok_or(AccountFault::Size)?.copy_from_slice(rest);
    if record.version() == VERSION { Ok(record) } else { Err(AccountFault::Version(record.version())) }
}

/// The account of our program at an address.
pub(crate) fn ours<T: Record>(program: &Pubkey, address: Pubkey, shown: &Shown) -> Result<T, EndpointFault> {
    let decoded = shown.bytes_of(program).and_then(|bytes| decode(&bytes));
    decoded.map_err(|why| EndpointFault::BadAccount { account: account_of(address), why })
}

/// The time that the clock's account says.
pub(crate) fn clock(shown: &Shown) -> Option<UnixSeconds> {
    const TIME_AT: usize = 32;
    let bytes = shown.bytes_of(&SYSVARS).ok()?;
    let (_, time) = bytes.split_at_checked(TIME_AT)?;
    let seconds = i64::from_le_bytes(time.try_into().ok()?);
    Some(UnixSeconds(u64::try_from(seconds).ok()?))
}

pub(crate) const fn amount(amount: types::Amount) -> Amount {
    Amount((amount.high as u128) << 64 | amount.low as u128)
}

pub(crate) const fn stake(stake: types::CycleStake) -> CycleStake {
    CycleStake::read_back(amount(stake.value), amount(stake.floor), amount(stake.floor_prev), Cycle(stake.cycle))
}

pub(crate) const fn end(head: types::Head) -> JournalEnd {
    let types::Head { hash, seq, last } = head;
    let last = Point { height: williw_core::cycle::Height(last.slot), time: UnixSeconds(last.time) };
    JournalEnd { head: Head { seq, hash: Hash(hash) }, last }
}

pub(crate) fn vault(terms: types::VaultTerms) -> Result<VaultParameters, AccountFault> {
    let bps = u16::try_from(terms.slash_bps).ok().and_then(|bps| Bps::try_from(bps).ok());
    Ok(VaultParameters {
        min_stake: amount(terms.min_stake),
        min_deposit: amount(terms.min_deposit),
        unstaking_period: Seconds(terms.unstaking_period),
        slash: bps.ok_or(AccountFault::Contents)?,
        evidence_cycles: terms.evidence_cycles,
    })
}

pub(crate) const fn pool(terms: types::PoolTerms) -> PoolParameters {
    PoolParameters {
        min_quorum: amount(terms.min_quorum),
        delay: Seconds(terms.delay),
        max_per_cycle: amount(terms.max_per_cycle),
    }
}

pub(crate) const fn root(root: types::PostedRoot) -> PostedRoot {
    PostedRoot {
        cycle: Cycle(root.cycle),
        root: RewardRoot {
            root: Hash(root.root),
            total_base: amount(root.total_base),
            total_solana: amount(root.total_solana),
            blob_hash: Hash(root.blob_hash),
        },
        activates: UnixSeconds(root.activates),
    }
}
