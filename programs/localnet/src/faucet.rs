//! Money for everybody: lamports, mints and tokens, all by transactions of the faucet's key.

use std::sync::Arc;

use solana_account::{Account, AccountSharedData, ReadableAccount};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_sdk_ids::system_program;
use solana_signer::Signer;
use solana_system_interface::instruction as system;

use crate::chain::{Chain, Executed};
use crate::tokens;

/// Who a new account belongs to: somebody whose key is known, so that it signs, or a bare address.
pub(crate) enum Whose {
    Key(Box<Keypair>),
    Address(Address),
}

impl Whose {
    pub(crate) fn address(&self) -> Address {
        match self {
            Self::Key(key) => key.pubkey(),
            Self::Address(address) => *address,
        }
    }
}

impl Chain {
    pub(crate) fn airdrop(&mut self, to: &Address, lamports: u64) -> Result<Arc<Executed>, String> {
        let faucet = self.faucet.insecure_clone();
        self.call(&[system::transfer(&faucet.pubkey(), to, lamports)], &[&faucet])
    }

    /// A mint whose authority is the faucet. At an address without a key the account is simply written.
    pub(crate) fn mint(&mut self, mint: &Whose, decimals: u8, program: &Address) -> Result<Address, String> {
        let address = mint.address();
        if self.engine.account(&address).is_some() {
            return Err(format!("there is something at {address} already"));
        }
        let faucet = self.faucet.insecure_clone();
        let rent = self.engine.rent(tokens::MINT_SIZE);
        match mint {
            Whose::Key(key) => {
                let space = u64::try_from(tokens::MINT_SIZE).expect("it is small");
                let create = system::create_account(&faucet.pubkey(), &address, rent, space, program);
                let begin = initialize_mint(&address, decimals, &faucet.pubkey(), program);
                self.call(&[create, begin], &[&faucet, key])?;
            }
            Whose::Address(_) => {
                let data = tokens::mint(&faucet.pubkey(), decimals);
                let account = Account { lamports: rent, data, owner: *program, ..Account::default() };
                self.write(vec![(address, AccountSharedData::from(account))])?;
            }
        }
        Ok(address)
    }

    /// Tokens of a mint that the faucet made, in the associated account of a wallet.
    pub(crate) fn fund(&mut self, mint: &Address, owner: &Address, amount: u64) -> Result<Address, String> {
        let faucet = self.faucet.insecure_clone();
        let account = self.engine.account(mint).ok_or_else(|| format!("there is no mint at {mint}"))?;
        let program = *account.owner();
        if tokens::decimals(account).is_none() {
            return Err(format!("{mint} is no mint"));
        }
        let home = tokens::home(owner, mint, &program);
        let create = create_home(&faucet.pubkey(), &home, owner, mint, &program);
        let mint_to = mint_to(mint, &home, &faucet.pubkey(), amount, &program);
        self.call(&[create, mint_to], &[&faucet])?;
        Ok(home)
    }
}

fn initialize_mint(mint: &Address, decimals: u8, authority: &Address, program: &Address) -> Instruction {
    const INITIALIZE_MINT_2: u8 = 20;
    const NO_FREEZE_AUTHORITY: u8 = 0;
    let data = [&[INITIALIZE_MINT_2, decimals][..], authority.as_ref(), &[NO_FREEZE_AUTHORITY]].concat();
    Instruction { program_id: *program, accounts: vec![AccountMeta::new(*mint, false)], data }
}

fn create_home(payer: &Address, home: &Address, owner: &Address, mint: &Address, program: &Address) -> Instruction {
    const CREATE_IDEMPOTENT: u8 = 1;
    let accounts = vec![
        AccountMeta::new(*payer, true),
        AccountMeta::new(*home, false),
        AccountMeta::new_readonly(*owner, false),
        AccountMeta::new_readonly(*mint, false),
        AccountMeta::new_readonly(system_program::ID, false),
        AccountMeta::new_readonly(*program, false),
    ];
    Instruction { program_id: tokens::ASSOCIATED, accounts, data: vec![CREATE_IDEMPOTENT] }
}

fn mint_to(mint: &Address, home: &Address, authority: &Address, amount: u64, program: &Address) -> Instruction {
    const MINT_TO: u8 = 7;
    let accounts = vec![
        AccountMeta::new(*mint, false),
        AccountMeta::new(*home, false),
        AccountMeta::new_readonly(*authority, true),
    ];
    Instruction { program_id: *program, accounts, data: [&[MINT_TO][..], &amount.to_le_bytes()].concat() }
}
