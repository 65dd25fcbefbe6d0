//! What is to be known of the token programs: where a mint and a token account keep their numbers.

use solana_account::{AccountSharedData, ReadableAccount};
use solana_address::Address;

pub(crate) const LEGACY: Address = Address::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
pub(crate) const TOKEN_2022: Address = Address::from_str_const("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");
pub(crate) const ASSOCIATED: Address = Address::from_str_const("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");

pub(crate) const MINT_SIZE: usize = 82;
const DECIMALS_AT: usize = 44;
const ACCOUNT_SIZE: usize = 165;

/// Behind the bytes that both programs share, Token-2022 says what the account is.
const KIND_AT: usize = ACCOUNT_SIZE;
const KIND_MINT: u8 = 1;
const KIND_ACCOUNT: u8 = 2;

/// A token account.
#[derive(Clone, Debug)]
pub(crate) struct Purse {
    pub(crate) mint: Address,
    pub(crate) owner: Address,
    pub(crate) program: Address,
    pub(crate) amount: u64,
    pub(crate) decimals: u8,
}

impl Purse {
    /// None of what is no token account, and of one whose mint is gone.
    pub(crate) fn read(account: &AccountSharedData, decimals: impl Fn(&Address) -> Option<u8>) -> Option<Self> {
        let data = account.data();
        if !is_token_program(account.owner()) || !is_kind(data, ACCOUNT_SIZE, KIND_ACCOUNT) {
            return None;
        }
        let mint = address_at(data, 0)?;
        Some(Self {
            mint,
            owner: address_at(data, 32)?,
            program: *account.owner(),
            amount: u64::from_le_bytes(data.get(64..72)?.try_into().ok()?),
            decimals: decimals(&mint)?,
        })
    }

    /// The amount with a point in it, without zeros at the end.
    pub(crate) fn words(&self) -> String {
        let places = usize::from(self.decimals);
        let digits = format!("{:0>width$}", self.amount, width = places + 1);
        let (whole, part) = digits.split_at(digits.len() - places);
        let part = part.trim_end_matches('0');
        if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
    }
}

/// The decimals of a mint. None of what is no mint.
pub(crate) fn decimals(account: &AccountSharedData) -> Option<u8> {
    let data = account.data();
    let is_mint = is_token_program(account.owner()) && is_kind(data, MINT_SIZE, KIND_MINT);
    is_mint.then(|| data.get(DECIMALS_AT).copied()).flatten()
}

pub(crate) fn is_token_program(program: &Address) -> bool {
    [LEGACY, TOKEN_2022].contains(program)
}

/// The account in which a wallet keeps a token unless it says otherwise.
pub(crate) fn home(owner: &Address, mint: &Address, program: &Address) -> Address {
    Address::find_program_address(&[owner.as_ref(), program.as_ref(), mint.as_ref()], &ASSOCIATED).0
}

fn is_kind(data: &[u8], size: usize, kind: u8) -> bool {
    data.len() == size || data.get(KIND_AT) == Some(&kind)
}

fn address_at(data: &[u8], at: usize) -> Option<Address> {
    Some(Address::new_from_array(data.get(at..at + 32)?.try_into().ok()?))
}

/// What the account of a new mint holds, without a freeze authority.
pub(crate) fn mint(authority: &Address, decimals: u8) -> Vec<u8> {
    const SOME: [u8; 4] = [1, 0, 0, 0];
    const INITIALIZED: u8 = 1;
    let supply = 0_u64.to_le_bytes();
    let mut bytes = [&SOME[..], authority.as_ref(), &supply, &[decimals, INITIALIZED]].concat();
    bytes.resize(MINT_SIZE, 0);
    bytes
}
