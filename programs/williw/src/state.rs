//! The accounts: zero-copy, versioned, with spare room, found again by what they hold.
//!
//! Every account of this program was created by it at the one address that its contents lead to, and none but tallies is
//! ever closed. So whoever is handed an account needs to look at its owner, its kind and the keys inside. An address is
//! derived where nothing inside can say it: to create an account, to know that a tally does not exist, and for the
//! associated token account that somebody is paid in.
//!
//! Config, operators and tenures say all that the facts of their journals said, links and roots to the last byte, and
//! which block the last fact is of. So a node begins with the accounts, and needs no history from before.

use core::cell::{Ref, RefMut};

use anchor_lang::prelude::*;
use anchor_lang::{Discriminator, ZeroCopy};
use bytemuck::Pod;

use crate::error::Refusal;

mod bounty;
mod claimant;
mod config;
mod head;
mod operator;
mod tally;
mod tenure;

pub use bounty::Bounty;
pub use claimant::Claimant;
pub use config::{Config, PoolProposal, PostedRoot, VaultProposal};
pub use head::Head;
pub use operator::{Entry, Operator, QUEUE_CAP};
pub use tally::Tally;
pub use tenure::Tenure;

/// The layout of all accounts of this release.
pub const VERSION: u8 = 1;

/// What kind of account it is, for those that say what facts said. They begin alike, so that one question shows all of them
/// as they are at one slot: those with a journal begin with `williwj`, and all that a node begins with begin with `williw`.
const CONFIG: &[u8] = b"williwjc";
const OPERATOR: &[u8] = b"williwjo";
const TENURE: &[u8] = b"williw-t";

/// An account of this program.
pub trait Record: ZeroCopy + Discriminator + Pod {
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
record!(Config Operator Tenure Bounty Claimant Tally);

/// How many bytes an account of this kind has.
#[must_use]
pub const fn space<T: Record>() -> usize {
    T::DISCRIMINATOR.len().wrapping_add(size_of::<T>())
}

/// True if nothing was ever created there. Lamports may have been sent to the address already.
#[must_use]
pub fn is_absent(account: &AccountInfo) -> bool {
    account.owner == &anchor_lang::system_program::ID && account.data_is_empty()
}

fn check<T: Record>(account: &AccountInfo, bytes: &[u8]) -> core::result::Result<(), Refusal> {
    let is_ours = account.owner == &crate::ID && bytes.len() == space::<T>() && bytes.starts_with(T::DISCRIMINATOR);
    if !is_ours {
        return Err(Refusal::ForeignAccount);
    }
    known(bytemuck::from_bytes::<T>(&bytes[T::DISCRIMINATOR.len()..]))
}

/// Of the layout that this release knows.
fn known<T: Record>(record: &T) -> core::result::Result<(), Refusal> {
    if record.version() == VERSION { Ok(()) } else { Err(Refusal::UnknownVersion) }
}

/// Looks at an account that Anchor found to be ours and of this kind.
pub fn load<'a, T: Record + Owner>(account: &'a AccountLoader<T>) -> Result<Ref<'a, T>> {
    let record = account.load()?;
    known(&*record)?;
    Ok(record)
}

/// Takes an account to change it that Anchor found to be ours and of this kind.
pub fn load_mut<'a, T: Record + Owner>(account: &'a AccountLoader<T>) -> Result<RefMut<'a, T>> {
    let record = account.load_mut()?;
    known(&*record)?;
    Ok(record)
}

/// Looks at an account; none if it does not exist.
pub fn read<'a, T: Record>(account: &'a AccountInfo) -> Result<Option<Ref<'a, T>>> {
    if is_absent(account) {
        return Ok(None);
    }
    let bytes = account.try_borrow_data()?;
    check::<T>(account, &bytes)?;
    Ok(Some(Ref::map(bytes, |bytes| bytemuck::from_bytes(&bytes[T::DISCRIMINATOR.len()..]))))
}

/// Takes an account to change it; none if it does not exist.
pub fn write<'a, T: Record>(account: &'a AccountInfo) -> Result<Option<RefMut<'a, T>>> {
    if is_absent(account) {
        return Ok(None);
    }
    require!(account.is_writable, ErrorCode::AccountNotMutable);
    let bytes = account.try_borrow_mut_data()?;
    check::<T>(account, &bytes)?;
    Ok(Some(RefMut::map(bytes, |bytes| bytemuck::from_bytes_mut(&mut bytes[T::DISCRIMINATOR.len()..]))))
}

/// Creates an account with these contents at the address of its seeds. `absent` was seen to be absent.
pub fn create<'info, T: Record>(
    absent: &AccountInfo<'info>,
    payer: &AccountInfo<'info>,
    seeds: &[&[u8]],
    contents: &T,
) -> Result<()> {
    let (address, bump) = Pubkey::find_program_address(seeds, &crate::ID);
    require_keys_eq!(*absent.key, address, Refusal::ForeignAccount);
    let bump = [bump];
    let signature: Vec<&[u8]> = seeds.iter().copied().chain([&bump[..]]).collect();
    allocate(absent, payer, &signature, space::<T>())?;
    let mut bytes = absent.try_borrow_mut_data()?;
    let (kind, rest) = bytes.split_at_mut(T::DISCRIMINATOR.len());
    kind.copy_from_slice(T::DISCRIMINATOR);
    rest.copy_from_slice(bytemuck::bytes_of(contents));
    Ok(())
}

/// Anybody can send lamports to an address before there is anything, so what is there already is counted in.
fn allocate<'info>(
    account: &AccountInfo<'info>,
    payer: &AccountInfo<'info>,
    signature: &[&[u8]],
    space: usize,
) -> Result<()> {
    use anchor_lang::solana_program::program::invoke_signed;
    use anchor_lang::solana_program::system_instruction as system;

    let (space, rent) = (space as u64, Rent::get()?.minimum_balance(space));
    let there = account.lamports();
    if there == 0 {
        let create = system::create_account(payer.key, account.key, rent, space, &crate::ID);
        return Ok(invoke_signed(&create, &[payer.clone(), account.clone()], &[signature])?);
    }
    if let Some(lacking) = rent.checked_sub(there).filter(|lacking| *lacking != 0) {
        let transfer = system::transfer(payer.key, account.key, lacking);
        invoke_signed(&transfer, &[payer.clone(), account.clone()], &[])?;
    }
    invoke_signed(&system::allocate(account.key, space), core::slice::from_ref(account), &[signature])?;
    Ok(invoke_signed(&system::assign(account.key, &crate::ID), core::slice::from_ref(account), &[signature])?)
}
