//! Mints and token accounts of both token programs.

use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;
use solana_system_interface::instruction::create_account;
use spl_associated_token_account_interface::address::get_associated_token_address_with_program_id;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;
use spl_token_2022_interface::extension::{BaseStateWithExtensions, ExtensionType, StateWithExtensions};
use spl_token_2022_interface::instruction::{freeze_account, initialize_account3, initialize_mint2, mint_to};
use spl_token_2022_interface::state::{Account, Mint};

use super::{Person, World};

pub(crate) const LEGACY: Pubkey = Pubkey::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
pub(crate) const TOKEN_2022: Pubkey = spl_token_2022_interface::ID;

/// Where a token account keeps its amount: behind the mint and the owner.
const AMOUNT: std::ops::Range<usize> = 64..72;

/// An extension of a mint, and the instruction that gives it to a mint that is not initialised yet.
#[derive(Clone)]
pub(crate) struct Extension {
    pub(crate) kind: ExtensionType,
    pub(crate) begin: fn(mint: &Pubkey, authority: &Pubkey) -> Instruction,
}

/// The associated token account of a wallet.
pub(crate) fn home(wallet: Pubkey, mint: Pubkey, program: Pubkey) -> Pubkey {
    get_associated_token_address_with_program_id(&wallet, &mint, &program)
}

impl World {
    /// A mint of nine decimals of which `minter` makes as much as it likes.
    pub(crate) fn create_mint(&mut self, name: &str, program: Pubkey, extensions: &[Extension]) -> Pubkey {
        let (mint, minter) = (self.empty_wallet(name), self.wallet("minter"));
        let kinds: Vec<ExtensionType> = extensions.iter().map(|extension| extension.kind).collect();
        let size = ExtensionType::try_calculate_account_len::<Mint>(&kinds).expect("sized extensions");
        let rent = self.rent(size);
        let mut instructions = vec![create_account(&self.site.payer, &mint, rent, size as u64, &program)];
        instructions.extend(extensions.iter().map(|extension| (extension.begin)(&mint, &minter)));
        instructions.push(initialize_mint2(&program, &mint, &minter, Some(&minter), 9).expect("a token program"));
        self.send(&instructions).expect("a mint can be made");
        mint
    }

    /// The associated token account of a wallet, made if there is none.
    pub(crate) fn open(&mut self, mint: Pubkey, wallet: Pubkey) -> Pubkey {
        let program = self.account(mint).expect("a mint").owner;
        let purse = home(wallet, mint, program);
        if self.account(purse).is_none() {
            let payer = self.site.payer;
            self.must(create_associated_token_account_idempotent(&payer, &wallet, &mint, &program));
        }
        purse
    }

    /// A token account of a wallet at an address of its own.
    pub(crate) fn open_plain(&mut self, mint: Pubkey, wallet: Pubkey, name: &str) -> Pubkey {
        let program = self.account(mint).expect("a mint").owner;
        let address = self.empty_wallet(name);
        // Room for what the token program adds to accounts of such a mint.
        let kinds = self.account_extensions(mint);
        let size = ExtensionType::try_calculate_account_len::<Account>(&kinds).expect("sized extensions");
        let make = create_account(&self.site.payer, &address, self.rent(size), size as u64, &program);
        let initialize = initialize_account3(&program, &address, &mint, &wallet).expect("a token program");
        self.send(&[make, initialize]).expect("a token account can be made");
        address
    }

    fn account_extensions(&self, mint: Pubkey) -> Vec<ExtensionType> {
        let account = self.account(mint).expect("a mint");
        let mint = StateWithExtensions::<Mint>::unpack(&account.data).expect("a mint");
        ExtensionType::get_required_init_account_extensions(&mint.get_extension_types().expect("extensions"))
    }

    /// Mints whatever the mint has not made yet, and stakes it for its owner.
    pub(crate) fn must_spend_all(&mut self, person: &Person) {
        let account = self.account(self.site.mint).expect("a mint");
        let supply = StateWithExtensions::<Mint>::unpack(&account.data).expect("a mint").base.supply;
        self.stake(person, u64::MAX - supply);
    }

    pub(crate) fn freeze(&mut self, account: Pubkey) {
        let (mint, minter) = (self.site.mint, self.wallet("minter"));
        self.must(freeze_account(&self.site.token_program, &account, &mint, &minter, &[]).expect("a token program"));
    }

    /// New tokens for a wallet.
    pub(crate) fn give(&mut self, wallet: Pubkey, amount: u64) {
        let (mint, purse) = (self.site.mint, self.open(self.site.mint, wallet));
        self.mint_to(mint, purse, amount);
    }

    pub(crate) fn mint_to(&mut self, mint: Pubkey, account: Pubkey, amount: u64) {
        let program = self.account(mint).expect("a mint").owner;
        let minter = self.wallet("minter");
        self.must(mint_to(&program, &mint, &account, &minter, &[], amount).expect("a token program"));
    }

    /// What a token account holds.
    pub(crate) fn tokens_in(&self, account: Pubkey) -> u64 {
        let bytes = self.account(account).expect("a token account").data;
        u64::from_le_bytes(bytes[AMOUNT].try_into().expect("eight bytes"))
    }

    /// What a wallet holds of the stake's token.
    pub(crate) fn purse(&self, wallet: Pubkey) -> u64 {
        self.tokens_in(self.site.purse(wallet))
    }
}
