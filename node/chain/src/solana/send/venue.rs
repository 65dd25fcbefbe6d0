//! The program's instructions, with the accounts that an honest caller names.
//!
//! Which accounts an instruction takes, in which order and with which rights, is the IDL's to say: the types are made of it.
//! Not so the address in it, which is that of local networks; the program is always the settings'.

use anchor_lang::prelude::{AccountMeta, Pubkey};
use anchor_lang::solana_program::instruction::Instruction;
use anchor_lang::{InstructionData, ToAccountMetas};
use williw_core::amount::Amount;
use williw_core::identity::{Account, Signer};
use williw_core::link::LinkTerms;
use williw_core::offence::Evidence;
use williw_core::secp256k1::Signature;

use crate::send::SendError;
use crate::solana::derive::{Addresses, account_of};
use crate::solana::program::williw::client::{accounts, args};
use crate::solana::program::williw::types;

/// The program that makes associated token accounts.
const ASSOCIATED: Pubkey = Pubkey::from_str_const("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");

/// Makes the account unless it is there.
const CREATE_IDEMPOTENT: u8 = 1;

/// What names all accounts of a network: the addresses of its program, and the token that is staked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Venue {
    pub(crate) addresses: Addresses,
    pub(crate) mint: Pubkey,
    pub(crate) token_program: Pubkey,
}

/// Accounts that nearly every instruction ends with are not worth writing out each time.
macro_rules! accounts {
    ($venue:ident, $name:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        accounts::$name {
            $($field $(: $value)?,)*
            config: $venue.addresses.config,
            event_authority: $venue.addresses.event_authority,
            program: $venue.addresses.program,
        }
    };
}

impl Venue {
    /// An address of the program's own that only those who send need.
    fn derived(&self, seeds: &[&[u8]]) -> Pubkey {
        Pubkey::find_program_address(seeds, &self.addresses.program).0
    }

    fn stake_tokens(&self) -> Pubkey {
        self.derived(&[b"stake"])
    }

    fn operator(&self, owner: Pubkey) -> Pubkey {
        self.addresses.operator(account_of(owner))
    }

    fn bounty(&self, beneficiary: Pubkey) -> Pubkey {
        self.derived(&[b"bounty", beneficiary.as_ref()])
    }

    /// The token account in which a wallet keeps the stake's token.
    pub(crate) fn purse(&self, wallet: Pubkey) -> Pubkey {
        let seeds: [&[u8]; 3] = [wallet.as_ref(), self.token_program.as_ref(), self.mint.as_ref()];
        Pubkey::find_program_address(&seeds, &ASSOCIATED).0
    }

    /// Makes the token account of a wallet if there is none.
    pub(crate) fn open_purse(&self, payer: Pubkey, wallet: Pubkey) -> Instruction {
        let accounts = vec![
            AccountMeta::new(payer, true),
            AccountMeta::new(self.purse(wallet), false),
            AccountMeta::new_readonly(wallet, false),
            AccountMeta::new_readonly(self.mint, false),
            AccountMeta::new_readonly(anchor_lang::system_program::ID, false),
            AccountMeta::new_readonly(self.token_program, false),
        ];
        Instruction { program_id: ASSOCIATED, accounts, data: vec![CREATE_IDEMPOTENT] }
    }

    fn call(&self, accounts: &impl ToAccountMetas, arguments: &impl InstructionData) -> Instruction {
        Instruction {
            program_id: self.addresses.program,
            accounts: accounts.to_account_metas(None),
            data: arguments.data(),
        }
    }

    pub(crate) fn register(&self, owner: Pubkey, amount: u64, link: &LinkTerms, signature: &Signature) -> Instruction {
        let accounts = accounts!(
            self,
            Register {
                owner,
                payer: owner,
                operator: self.operator(owner),
                tenure: self.addresses.tenure(link.signer),
                source: self.purse(owner),
                stake_tokens: self.stake_tokens(),
                mint: self.mint,
                token_program: self.token_program,
                system_program: anchor_lang::system_program::ID,
            }
        );
        self.call(&accounts, &args::Register { amount, link: terms(link), signature: signature.0.to_vec() })
    }

    /// `funder` adds to the stake of `owner`.
    pub(crate) fn stake(&self, funder: Pubkey, owner: Pubkey, amount: u64) -> Instruction {
        let accounts = accounts!(
            self,
            Stake {
                funder,
                operator: self.operator(owner),
                source: self.purse(funder),
                stake_tokens: self.stake_tokens(),
                mint: self.mint,
                token_program: self.token_program,
            }
        );
        self.call(&accounts, &args::Stake { amount })
    }

    pub(crate) fn unstake(&self, owner: Pubkey, amount: u64) -> Instruction {
        let accounts = accounts!(self, Unstake { owner, operator: self.operator(owner) });
        self.call(&accounts, &args::Unstake { amount })
    }

    pub(crate) fn restake(&self, owner: Pubkey, ticket: u64) -> Instruction {
        let accounts = accounts!(self, Restake { owner, operator: self.operator(owner) });
        self.call(&accounts, &args::Restake { ticket })
    }

    pub(crate) fn withdraw(&self, owner: Pubkey, limit: u64) -> Instruction {
        let accounts = accounts!(
            self,
            Withdraw {
                owner,
                operator: self.operator(owner),
                destination: self.purse(owner),
                stake_tokens: self.stake_tokens(),
                mint: self.mint,
                token_program: self.token_program,
            }
        );
        self.call(&accounts, &args::Withdraw { limit })
    }

    /// `present` is who signs for the owner until now.
    pub(crate) fn rotate(
        &self,
        owner: Pubkey,
        present: Signer,
        link: &LinkTerms,
        signature: &Signature,
    ) -> Instruction {
        let accounts = accounts!(
            self,
            Rotate {
                owner,
                payer: owner,
                operator: self.operator(owner),
                tenure: self.addresses.tenure(present),
                next: self.addresses.tenure(link.signer),
                system_program: anchor_lang::system_program::ID,
            }
        );
        self.call(&accounts, &args::Rotate { link: terms(link), signature: signature.0.to_vec() })
    }

    pub(crate) fn unjail(&self, owner: Pubkey, link: &LinkTerms, signature: &Signature) -> Instruction {
        let accounts = accounts!(
            self,
            Unjail {
                owner,
                payer: owner,
                operator: self.operator(owner),
                tenure: self.addresses.tenure(link.signer),
                system_program: anchor_lang::system_program::ID,
            }
        );
        self.call(&accounts, &args::Unjail { link: terms(link), signature: signature.0.to_vec() })
    }

    /// The accounts name the signer whose signatures the evidence holds, and the owner it served.
    pub(crate) fn slash(
        &self,
        payer: Pubkey,
        (signer, owner): (Signer, Pubkey),
        evidence: &Evidence,
        beneficiary: Pubkey,
    ) -> Instruction {
        let accounts = accounts!(
            self,
            Slash {
                payer,
                tenure: self.addresses.tenure(signer),
                operator: self.operator(owner),
                bounty: self.bounty(beneficiary),
                system_program: anchor_lang::system_program::ID,
            }
        );
        self.call(&accounts, &args::Slash { evidence: evidence.encode().to_vec(), beneficiary })
    }

    pub(crate) fn collect(&self, beneficiary: Pubkey) -> Instruction {
        let accounts = accounts!(
            self,
            Collect {
                bounty: self.bounty(beneficiary),
                destination: self.purse(beneficiary),
                stake_tokens: self.stake_tokens(),
                mint: self.mint,
                token_program: self.token_program,
            }
        );
        self.call(&accounts, &args::Collect { beneficiary })
    }
}

fn terms(link: &LinkTerms) -> types::LinkTerms {
    types::LinkTerms {
        peer: link.peer.0,
        signer: link.signer.0,
        nonce: link.nonce,
        peer_signature: link.peer_signature.0,
    }
}

pub(crate) const fn key(account: Account) -> Pubkey {
    Pubkey::new_from_array(account.0)
}

/// The amount as token programs count.
pub(crate) fn atoms(amount: Amount) -> Result<u64, SendError> {
    u64::try_from(amount.0).map_err(|_| SendError::TooManyAtoms(amount))
}
