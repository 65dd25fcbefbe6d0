//! How tokens come in and go out. A transfer is the last thing a verb does.

use anchor_lang::prelude::*;
use anchor_spl::associated_token::get_associated_token_address_with_program_id;
use anchor_spl::token_2022::spl_token_2022::extension::{BaseStateWithExtensions, ExtensionType, StateWithExtensions};
use anchor_spl::token_2022::spl_token_2022::generic_token_account::GenericTokenAccount;
use anchor_spl::token_2022::spl_token_2022::state::{Account, Mint};
use anchor_spl::token_interface::{TransferChecked, transfer_checked};

use crate::error::Refusal;
use crate::state::Config;

/// Extensions of a mint that only describe it. Every other one is refused, also those that are not known yet: a fee or a
/// hook on transfers, a permanent delegate, accounts frozen by default, a pause, no transfers at all, a mint that can be
/// closed, and whatever makes a balance mean something else than its atoms.
const HARMLESS: [ExtensionType; 6] = [
    ExtensionType::MetadataPointer,
    ExtensionType::TokenMetadata,
    ExtensionType::GroupPointer,
    ExtensionType::TokenGroup,
    ExtensionType::GroupMemberPointer,
    ExtensionType::TokenGroupMember,
];

/// Where the amount lies in a token account of either token program.
const AMOUNT_AT: usize = 64;

/// Nothing about the mint can take, freeze or shrink what is held of it, but its freeze authority.
pub fn check_mint(mint: &AccountInfo) -> Result<()> {
    let bytes = mint.try_borrow_data()?;
    let mint = StateWithExtensions::<Mint>::unpack(&bytes)?;
    let harmless = mint.get_extension_types()?.iter().all(|extension| HARMLESS.contains(extension));
    require!(harmless, Refusal::UnsoundMint);
    Ok(())
}

/// What every transfer needs: the accounts that a verb was handed, once they are known to be this network's.
pub struct Purse<'a, 'info> {
    /// The program's own token account.
    ours: &'a AccountInfo<'info>,
    mint: &'a AccountInfo<'info>,
    token_program: &'a AccountInfo<'info>,
    decimals: u8,
    /// Of the config, which signs for the program's token accounts.
    bump: u8,
}

impl<'a, 'info> Purse<'a, 'info> {
    /// What was staked.
    pub fn of_stake(
        config: &Config,
        ours: &'a AccountInfo<'info>,
        mint: &'a AccountInfo<'info>,
        token_program: &'a AccountInfo<'info>,
    ) -> Result<Self> {
        require_keys_eq!(*ours.key, config.stake_tokens, Refusal::ForeignAccount);
        Self::new(config, ours, mint, token_program)
    }

    /// What pays rewards.
    pub fn of_rewards(
        config: &Config,
        ours: &'a AccountInfo<'info>,
        mint: &'a AccountInfo<'info>,
        token_program: &'a AccountInfo<'info>,
    ) -> Result<Self> {
        require_keys_eq!(*ours.key, config.reward_tokens, Refusal::ForeignAccount);
        Self::new(config, ours, mint, token_program)
    }

    fn new(
        config: &Config,
        ours: &'a AccountInfo<'info>,
        mint: &'a AccountInfo<'info>,
        token_program: &'a AccountInfo<'info>,
    ) -> Result<Self> {
        require_keys_eq!(*mint.key, config.mint, Refusal::ForeignAccount);
        require_keys_eq!(*token_program.key, config.token_program, Refusal::ForeignAccount);
        Ok(Self { ours, mint, token_program, decimals: config.decimals, bump: config.bump })
    }

    /// Takes tokens from `source`, for which `authority` signed.
    pub fn pull(&self, source: &AccountInfo<'info>, authority: &AccountInfo<'info>, amount: u64) -> Result<()> {
        // From its own account to its own account nothing would come in.
        require_keys_neq!(*source.key, *self.ours.key, Refusal::ForeignAccount);
        let accounts = TransferChecked {
            from: source.clone(),
            mint: self.mint.clone(),
            to: self.ours.clone(),
            authority: authority.clone(),
        };
        let before = self.balance()?;
        transfer_checked(CpiContext::new(*self.token_program.key, accounts), amount, self.decimals)?;
        // No mint that is taken can make the two differ today. Token programs can be upgraded, and this one cannot.
        require!(before.checked_add(amount) == Some(self.balance()?), Refusal::InexactTransfer);
        Ok(())
    }

    /// Pays tokens out to `destination`.
    pub fn pay(&self, config: &AccountInfo<'info>, destination: &AccountInfo<'info>, amount: u64) -> Result<()> {
        let bump = [self.bump];
        let accounts = TransferChecked {
            from: self.ours.clone(),
            mint: self.mint.clone(),
            to: destination.clone(),
            authority: config.clone(),
        };
        let signature = Config::signature(&bump);
        let seeds: [&[&[u8]]; 1] = [&signature];
        let context = CpiContext::new_with_signer(*self.token_program.key, accounts, &seeds);
        transfer_checked(context, amount, self.decimals)
    }

    /// What lies in the program's own token account.
    pub fn balance(&self) -> Result<u64> {
        let bytes = self.ours.try_borrow_data()?;
        let amount = bytes.get(AMOUNT_AT..).and_then(|rest| rest.first_chunk());
        Ok(u64::from_le_bytes(*amount.ok_or(Refusal::ForeignAccount)?))
    }
}

/// The token account belongs to `who`: its associated address may have been given away.
pub fn belongs(tokens: &AccountInfo, token_program: &Pubkey, who: &Pubkey) -> Result<()> {
    require_keys_eq!(*tokens.owner, *token_program, Refusal::ForeignTokens);
    let bytes = tokens.try_borrow_data()?;
    let owner = Account::unpack_account_owner(&bytes).ok_or(Refusal::ForeignTokens)?;
    require_keys_eq!(*owner, *who, Refusal::ForeignTokens);
    Ok(())
}

/// Where `who` is paid when somebody else may send it: only there, so nobody can scatter what others are owed.
#[must_use]
pub fn home_of(who: &Pubkey, config: &Config) -> Pubkey {
    get_associated_token_address_with_program_id(who, &config.mint, &config.token_program)
}
