//! A program that is never deployed but by tests. The first byte of an instruction says what is asked, what follows is the
//! question, and the answer comes as return data. So that code which is compiled to bytecode can be asked the very same as
//! the same code on this machine.

pub mod arithmetic;
pub mod rules;

use solana_account_info::AccountInfo;
use solana_program_error::{ProgramError, ProgramResult};
use solana_pubkey::Pubkey;

#[cfg(target_arch = "bpf")]
use solana_compiler_builtins as _;

/// What the first byte of an instruction can be.
pub mod tag {
    /// An operation's number, then its two operands of 16 bytes: [`crate::arithmetic::answer`].
    pub const ARITHMETIC: u8 = 0;
    /// A [`crate::rules::Question`]: [`crate::rules::reply`].
    pub const RULES: u8 = 1;
}

#[cfg(not(feature = "no-entrypoint"))]
solana_program_entrypoint::entrypoint!(dispatch);

/// Answers the instruction; it needs no accounts.
pub fn dispatch(_program: &Pubkey, _accounts: &[AccountInfo], instruction: &[u8]) -> ProgramResult {
    let (&tag, question) = instruction.split_first().ok_or(ProgramError::InvalidInstructionData)?;
    match tag {
        tag::ARITHMETIC => solana_cpi::set_return_data(&arithmetic::answer(question)?),
        tag::RULES => solana_cpi::set_return_data(&rules::reply(question)),
        _ => return Err(ProgramError::InvalidInstructionData),
    }
    Ok(())
}
