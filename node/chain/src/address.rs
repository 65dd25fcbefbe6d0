//! Addresses as people write them: of Base in hex, of Solana in base58.
//!
//! Nothing but its checksum stands between a mistyped address of Base and stake or bounties that nobody can move again. So
//! where one is written with both upper and lower case, they have to be the checksum's. Base58 has no checksum: a mistyped
//! address of Solana is another one.

use alloy::primitives::Address;
use williw_core::identity::{Account, ChainId, Owner};

use crate::base::abi::{account_of, address_of};

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    #[error("an address is `0x` and 40 hex digits")]
    Form,
    #[error("the checksum of the address is wrong: a character was mistyped")]
    Checksum,
    #[error("an address is `0x` and 40 hex digits on base, and 32 bytes in base58 on solana")]
    Neither,
}

/// Reads an address: with its checksum, or all in one case, which has none.
pub fn parse(text: &str) -> Result<Account, AddressFault> {
    let digits = text.strip_prefix("0x").ok_or(AddressFault::Form)?;
    let address: Address = text.parse().map_err(|_| AddressFault::Form)?;
    let upper = digits.bytes().any(|digit| digit.is_ascii_uppercase());
    let lower = digits.bytes().any(|digit| digit.is_ascii_lowercase());
    if upper && lower && address.to_checksum(None) != text {
        return Err(AddressFault::Checksum);
    }
    Ok(account_of(address))
}

/// Reads an address of either chain, which its form tells apart.
pub fn of_any_chain(text: &str) -> Result<Owner, AddressFault> {
    if text.starts_with("0x") {
        return parse(text).map(|account| Owner { chain: ChainId::Base, account });
    }
    let account = Account::from_base58(text).map_err(|_| AddressFault::Neither)?;
    Ok(Owner { chain: ChainId::Solana, account })
}

/// The twenty bytes of an account of Base; none if no account of Base has this number.
#[must_use]
pub fn bytes(account: Account) -> Option<[u8; 20]> {
    address_of(account).map(Address::into_array)
}

/// The address with its checksum, and an account that Base cannot have in full.
#[must_use]
pub fn shown(account: Account) -> String {
    address_of(account).map_or_else(|| account.to_string(), |address| address.to_checksum(None))
}

/// An account as people of its chain write it.
#[must_use]
pub fn shown_on(chain: ChainId, account: Account) -> String {
    match chain {
        ChainId::Base => shown(account),
        ChainId::Solana => account.base58(),
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressFault, parse, shown};

    /// Out of EIP-55.
    const CHECKED: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

    #[test]
    fn a_checksum_is_checked_where_there_is_one() {
        let account = parse(CHECKED).unwrap();
        assert_eq!(shown(account), CHECKED);
        assert_eq!(parse(&CHECKED.to_lowercase()), Ok(account));
        assert_eq!(parse(&format!("0x{}", CHECKED[2..].to_uppercase())), Ok(account));
        assert_eq!(parse(&CHECKED.replace("5aA", "5AA")), Err(AddressFault::Checksum));
        for text in ["", "0x", &CHECKED[2..], &CHECKED[..41], &format!("{CHECKED}0"), &CHECKED.replace('b', "g")] {
            assert_eq!(parse(text), Err(AddressFault::Form), "{text}");
        }
    }

    #[test]
    fn an_account_of_another_chain_is_shown_in_full() {
        let foreign = williw_core::identity::Account([7; 32]);
        assert_eq!(shown(foreign), foreign.to_string());
    }
}
