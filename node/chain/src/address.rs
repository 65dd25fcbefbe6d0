//! Addresses of Base as people write them.
//!
//! Nothing but its checksum stands between a mistyped address and stake or bounties that nobody can move again. So where
//! an address is written with both upper and lower case, they have to be the checksum's.

use alloy::primitives::Address;
use williw_core::identity::Account;

use crate::base::abi::{account_of, address_of};

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    #[error("an address is `0x` and 40 hex digits")]
    Form,
    #[error("the checksum of the address is wrong: a character was mistyped")]
    Checksum,
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
