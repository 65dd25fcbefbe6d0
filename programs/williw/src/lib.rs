//! The stake and the rewards of williw on Solana: the vault and the pool of `contracts/src`, with the same verbs, in one
//! program. One program is one network: its id is part of everything that is signed.
//!
//! What every verb does is the reference model in `node/core/src/model`. This crate is written apart from it, so that the
//! two can be compared.

use anchor_lang::prelude::*;
#[cfg(target_arch = "bpf")]
use solana_compiler_builtins as _;

pub mod error;
pub mod events;
pub mod rules;
pub mod state;
mod tokens;
mod verbs;

pub use error::Refusal;
use rules::links::LinkTerms;
use rules::roots::RewardRoot;
use rules::terms::{PoolTerms, VaultTerms};
pub use verbs::*;

/// The program of a local network. Another network is built with another id: `scripts/build-program --id`.
const LOCAL_ID: &str = "HwphN8XBPEh6V5FQQiBhhkn8cPS2BXfKQ7ENb7HTUCPR";

declare_id!(anchor_lang::prelude::Pubkey::from_str_const(match option_env!("WILLIW_PROGRAM_ID") {
    Some(id) => id,
    None => LOCAL_ID,
}));

#[program]
pub mod williw {
    use super::*;

    // The most frequent first: a call is compared with these names in turn.

    /// Pays what the active root says that `owner` earned and has not had, to its recipient. Anyone may call it for anyone;
    /// nothing to claim is no error. A proof is 32 bytes for each sibling on the way up, one behind the other. Several claims
    /// in one transaction are all paid or none. Refuses: NoRoot, BadProof, AboveTotal.
    pub fn claim<'info>(
        ctx: Context<'info, Claim<'info>>,
        owner: Pubkey,
        cumulative: u128,
        proof: Vec<u8>,
    ) -> Result<u64> {
        Claim::run(ctx, owner, cumulative, &proof)
    }

    /// Counts signatures of operators for a root of the cycle before this one. With two thirds of that cycle's stake, which
    /// has to be `min_quorum` in all, the root is posted, and pays once the delay is over. Refuses: OutsideVoting,
    /// CycleClosed, TotalFell, TotalTooHigh, Unfunded, Length, and then for each signature in turn BadV, BadScalar, HighS,
    /// Unrecoverable, UnknownSigner, OutsideTenure.
    pub fn vote<'info>(
        ctx: Context<'info, Vote<'info>>,
        cycle: u64,
        root: RewardRoot,
        signatures: Vec<u8>,
    ) -> Result<()> {
        Vote::run(ctx, cycle, &root, &signatures)
    }

    /// Adds to the stake of an operator; anyone may. Refuses: Paused, NotRegistered, BelowMinDeposit, Overflow.
    pub fn stake<'info>(ctx: Context<'info, Stake<'info>>, amount: u64) -> Result<()> {
        Stake::run(ctx, amount)
    }

    /// Moves stake into the queue, where it stays slashable until it is withdrawn. Returns the ticket of the entry.
    /// Refuses: NotRegistered, QueueFull, ZeroAmount, InsufficientStake.
    pub fn unstake<'info>(ctx: Context<'info, Unstake<'info>>, amount: u64) -> Result<u64> {
        Unstake::run(ctx, amount)
    }

    /// Takes an unstake back. Refuses: NotRegistered, NoSuchEntry, ZeroAmount.
    pub fn restake<'info>(ctx: Context<'info, Restake<'info>>, ticket: u64) -> Result<()> {
        Restake::run(ctx, ticket)
    }

    /// Pays the oldest matured entries, at most `limit` of them, to a token account of the owner's. Returns what was paid.
    /// Refuses: NotRegistered, NothingMatured.
    pub fn withdraw<'info>(ctx: Context<'info, Withdraw<'info>>, limit: u64) -> Result<u64> {
        Withdraw::run(ctx, limit)
    }

    /// Creates the owner's operator with its first stake, its peer and its signer. Refuses: Paused, AlreadyRegistered,
    /// StaleNonce, SignerTaken, ZeroSigner, the faults of the signature, WrongSigner, BelowMinStake, Overflow.
    pub fn register<'info>(
        ctx: Context<'info, Register<'info>>,
        amount: u64,
        link: LinkTerms,
        signature: Vec<u8>,
    ) -> Result<()> {
        Register::run(ctx, amount, &link, &signature)
    }

    /// Replaces the link: a new peer key, a new signer, or both. Refuses: NotRegistered, Jailed, StaleNonce, SignerTaken,
    /// ZeroSigner, the faults of the signature, WrongSigner.
    pub fn rotate<'info>(ctx: Context<'info, Rotate<'info>>, link: LinkTerms, signature: Vec<u8>) -> Result<()> {
        Rotate::run(ctx, &link, &signature)
    }

    /// Slashes and jails whoever signed both statements; anyone may. It pays nobody: the bounty is credited and collected
    /// later. Returns what was taken. Refuses: Length, UnknownKind, SlotNotZero, the faults of both signatures,
    /// DifferentSigners, NoConflict, UnknownSigner, Jailed, OutsideTenure, TooOld.
    pub fn slash<'info>(ctx: Context<'info, Slash<'info>>, evidence: Vec<u8>, beneficiary: Pubkey) -> Result<u64> {
        Slash::run(ctx, &evidence, beneficiary)
    }

    /// Ends the owner's jail with a new signer; every earlier signer is void from now on. Refuses: NotRegistered, NotJailed,
    /// StaleNonce, SignerTaken, ZeroSigner, the faults of the signature, WrongSigner, BelowMinStake, StillJailed.
    pub fn unjail<'info>(ctx: Context<'info, Unjail<'info>>, link: LinkTerms, signature: Vec<u8>) -> Result<()> {
        Unjail::run(ctx, &link, &signature)
    }

    /// Pays the bounties of `beneficiary`; anyone may call it, and nothing to pay is no error. Returns what was paid.
    pub fn collect<'info>(ctx: Context<'info, Collect<'info>>, beneficiary: Pubkey) -> Result<u64> {
        Collect::run(ctx, beneficiary)
    }

    /// Pays into the pool; anyone may, and nobody can take it out again but by claims. Refuses: ZeroAmount, Overflow.
    pub fn fund<'info>(ctx: Context<'info, Fund<'info>>, amount: u64) -> Result<()> {
        Fund::run(ctx, amount)
    }

    /// Strikes out the pending root within its delay. Its cycle is void for ever; the next root pays for the gap. Refuses:
    /// NotGuardian, NothingPending, VetoesSpent.
    pub fn veto<'info>(ctx: Context<'info, Veto<'info>>) -> Result<()> {
        Veto::run(ctx)
    }

    /// Names where the owner's rewards shall be paid, in force once that address confirms. Zero takes the offer back.
    pub fn set_recipient<'info>(ctx: Context<'info, SetRecipient<'info>>, recipient: Pubkey) -> Result<()> {
        SetRecipient::run(ctx, recipient)
    }

    /// Confirms that the recipient can be paid: the rewards of `owner` go to it from now on. Refuses: NotRecipient.
    pub fn confirm_recipient<'info>(ctx: Context<'info, ConfirmRecipient<'info>>, owner: Pubkey) -> Result<()> {
        ConfirmRecipient::run(ctx, owner)
    }

    /// Gives the rent of a tally back to who paid it, once nobody counts for its cycle any more. Anyone may. Refuses:
    /// VotesOpen.
    pub fn close_tally<'info>(ctx: Context<'info, CloseTally<'info>>) -> Result<()> {
        CloseTally::run(ctx)
    }

    /// Stops or resumes deposits (`register`, `stake`) and nothing else. Refuses: NotGovernor.
    pub fn set_paused<'info>(ctx: Context<'info, Govern<'info>>, paused: bool) -> Result<()> {
        Govern::set_paused(ctx, paused)
    }

    /// Offers the governor's role; to zero takes the offer back. Refuses: NotGovernor.
    pub fn offer_governor<'info>(ctx: Context<'info, Govern<'info>>, to: Pubkey) -> Result<()> {
        Govern::offer(ctx, to)
    }

    /// Takes the offered role over. Refuses: NotOffered.
    pub fn accept_governor<'info>(ctx: Context<'info, Govern<'info>>) -> Result<()> {
        Govern::accept(ctx)
    }

    /// Names another guardian, who can do nothing but veto; zero is nobody. Refuses: NotGovernor.
    pub fn set_guardian<'info>(ctx: Context<'info, Govern<'info>>, guardian: Pubkey) -> Result<()> {
        Govern::set_guardian(ctx, guardian)
    }

    /// Announces new parameters of the vault. Refuses: NotGovernor, Bps, OutOfBounds, UnsoundPeriods.
    pub fn propose_vault<'info>(ctx: Context<'info, Propose<'info>>, terms: VaultTerms) -> Result<()> {
        Propose::vault(ctx, terms)
    }

    /// Announces new parameters of the pool. Refuses: NotGovernor, OutOfBounds, UnsoundPeriods.
    pub fn propose_pool<'info>(ctx: Context<'info, Propose<'info>>, terms: PoolTerms) -> Result<()> {
        Propose::pool(ctx, terms)
    }

    /// Puts announced parameters of the vault in force; anyone may. Refuses: NothingProposed, NoticeRunning.
    pub fn apply_vault<'info>(ctx: Context<'info, Apply<'info>>) -> Result<()> {
        Apply::vault(ctx)
    }

    /// Puts announced parameters of the pool in force; anyone may. Refuses: NothingProposed, NoticeRunning.
    pub fn apply_pool<'info>(ctx: Context<'info, Apply<'info>>) -> Result<()> {
        Apply::pool(ctx)
    }

    /// Begins the network of this program, once. Refuses: NotDeployer, NameLength, NameCharacter, HalfAbsent, CycleTooShort,
    /// Bps, OutOfBounds, UnsoundPeriods, BeforeGenesis, NoGovernor, UnsoundMint.
    pub fn initialize<'info>(ctx: Context<'info, Initialize<'info>>, plan: Plan) -> Result<()> {
        Initialize::run(ctx, plan)
    }

    /// Of the IDL alone, and taken out of it again by programs/idl/maker once the accounts that it names are in.
    #[cfg(feature = "idl-build")]
    pub fn layouts(_ctx: Context<Layouts>) -> Result<()> {
        Ok(())
    }
}
