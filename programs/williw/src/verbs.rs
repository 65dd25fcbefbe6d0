//! One verb per file: it checks everything, then changes accounts through their methods, then checks what must hold, then
//! tells what happened, and moves tokens last. `docs/decisions/0002-verbs.md` says in which order it refuses.

use core::cell::RefMut;

use anchor_lang::prelude::*;

use crate::error::Refusal;
use crate::rules::SOLANA;
use crate::rules::links::LinkTerms;
use crate::rules::times::Moment;
use crate::state::{self, Config, Operator, Tenure};

mod claim;
mod close_tally;
mod collect;
mod fund;
mod initialize;
#[cfg(feature = "idl-build")]
mod layouts;
mod recipient;
mod register;
mod restake;
mod roles;
mod rotate;
mod slash;
mod stake;
mod terms;
mod unjail;
mod unstake;
mod veto;
mod vote;
mod withdraw;

pub use claim::*;
pub use close_tally::*;
pub use collect::*;
pub use fund::*;
pub use initialize::*;
#[cfg(feature = "idl-build")]
pub use layouts::*;
pub use recipient::*;
pub use register::*;
pub use restake::*;
pub use roles::*;
pub use rotate::*;
pub use slash::*;
pub use stake::*;
pub use terms::*;
pub use unjail::*;
pub use unstake::*;
pub use veto::*;
pub use vote::*;
pub use withdraw::*;

/// The block that this verb runs in.
fn now() -> Result<Moment> {
    let clock = Clock::get()?;
    let time = u64::try_from(clock.unix_timestamp).map_err(|_| Refusal::BeforeGenesis)?;
    Ok(Moment { time, slot: clock.slot })
}

fn operator<'a>(account: &'a AccountInfo) -> Result<RefMut<'a, Operator>> {
    Ok(state::write(account)?.ok_or(Refusal::NotRegistered)?)
}

/// The operator of whoever signed.
fn own_operator<'a>(account: &'a AccountInfo, owner: &Pubkey) -> Result<RefMut<'a, Operator>> {
    let operator = operator(account)?;
    require_keys_eq!(operator.owner, *owner, Refusal::ForeignAccount);
    Ok(operator)
}

/// The account behind the signer that a link names; nobody had it before if it is absent.
fn is_taken(tenure: &AccountInfo, signer: &[u8; 20]) -> Result<bool> {
    let Some(tenure) = state::read::<Tenure>(tenure)? else { return Ok(false) };
    require!(tenure.signer == *signer, Refusal::ForeignAccount);
    Ok(true)
}

/// The nonce grows, the signer is new here or stays, and the signer's half verifies.
fn check_link(
    config: &Config,
    owner: &Pubkey,
    nonce: u64,
    link: &LinkTerms,
    signature: &[u8],
    is_free: bool,
) -> Result<()> {
    require!(link.nonce > nonce, Refusal::StaleNonce);
    require!(is_free, Refusal::SignerTaken);
    Ok(link.check_signer(&config.domain, SOLANA, &owner.to_bytes(), signature)?)
}
