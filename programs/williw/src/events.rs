//! What is told, by a call of the program to itself that no node truncates.

use anchor_lang::Event;
use anchor_lang::prelude::*;
use anchor_lang::solana_program::instruction::{AccountMeta, Instruction};
use anchor_lang::solana_program::program::invoke_signed_unchecked;

/// One fact of a journal. The layout of the body follows from its kind: `docs/decisions/0001-encodings.md`.
#[event]
pub struct Recorded {
    /// The account whose head it went into: an operator's, or the config.
    pub journal: Pubkey,
    /// Its number; the first is 1, and there are no gaps.
    pub seq: u64,
    pub time: u64,
    pub slot: u64,
    pub kind: u8,
    /// The packed fields, as they went into the head.
    pub body: Vec<u8>,
}

/// A bounty was paid.
#[event]
pub struct BountyCollected {
    pub beneficiary: Pubkey,
    pub amount: u64,
}

/// An owner's rewards were paid.
#[event]
pub struct Claimed {
    pub owner: Pubkey,
    pub recipient: Pubkey,
    pub amount: u64,
    /// What was paid for the owner in all.
    pub cumulative: u128,
}

/// An owner wants to be paid at another address, which has to confirm.
#[event]
pub struct RecipientProposed {
    pub owner: Pubkey,
    pub recipient: Pubkey,
}

/// An owner's rewards are paid at this address from now on.
#[event]
pub struct RecipientConfirmed {
    pub owner: Pubkey,
    pub recipient: Pubkey,
}

/// Deposits were stopped or resumed.
#[event]
pub struct DepositsPaused {
    pub paused: bool,
}

/// The governor's role was offered to this account; to zero: the offer was taken back.
#[event]
pub struct GovernorOffered {
    pub to: Pubkey,
}

/// Another governor.
#[event]
pub struct GovernorAccepted {
    pub governor: Pubkey,
}

/// Another guardian.
#[event]
pub struct GuardianSet {
    pub guardian: Pubkey,
}

/// Tells an event. Only this program can sign for `authority`, so nobody else can tell one in its name.
pub fn tell<E: Event>(authority: &AccountInfo, event: &E) -> Result<()> {
    let (address, bump) = crate::EVENT_AUTHORITY_AND_BUMP;
    let mut bytes = anchor_lang::event::EVENT_IX_TAG_LE.to_vec();
    bytes.extend(event.data());
    let tell =
        Instruction { program_id: crate::ID, accounts: vec![AccountMeta::new_readonly(address, true)], data: bytes };
    let signature: [&[u8]; 2] = [b"__event_authority", &[bump]];
    // The call changes nothing, so what is borrowed meanwhile need not be looked for.
    Ok(invoke_signed_unchecked(&tell, core::slice::from_ref(authority), &[&signature])?)
}
