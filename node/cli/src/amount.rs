//! Amounts as people type them: atoms, or a number with a unit. Integers all the way.

use std::str::FromStr;

use williw_core::amount::Amount;
use williw_core::identity::ChainId;

use crate::exit::Failure;

/// How many decimals the token has. The units of the chain's own coin are used for it, as `cast` does.
const ETHER_DECIMALS: usize = 18;

/// The most atoms that an account of a token has on Solana.
const MOST_ON_SOLANA: Amount = Amount(u64::MAX as u128);

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AmountFault {
    #[error("expected atoms, such as 1000, or a number with a unit, such as 1.5ether")]
    NotANumber,
    #[error("an amount in ether has at most 18 decimals")]
    TooFine,
    #[error("this is more than any amount can be")]
    TooLarge,
}

/// An amount from the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    amount: Amount,
    in_ether: bool,
}

impl Typed {
    /// The amount, if it can be meant so on this chain: how many decimals a token of Solana has is up to its mint.
    pub(crate) fn on(self, chain: ChainId) -> Result<Amount, Failure> {
        match chain {
            ChainId::Solana if self.in_ether => Err(Failure::usage("ether is a unit of base")
                .hint("give the amount in atoms: with 9 decimals, 1000 tokens are 1000000000000")),
            ChainId::Solana if self.amount > MOST_ON_SOLANA => {
                Err(Failure::usage(format_args!("{} is more than any token account of solana can hold", self.amount))
                    .hint(format_args!("give at most {MOST_ON_SOLANA} atoms")))
            }
            ChainId::Base | ChainId::Solana => Ok(self.amount),
        }
    }
}

impl FromStr for Typed {
    type Err = AmountFault;

    fn from_str(text: &str) -> Result<Self, AmountFault> {
        match text.strip_suffix("ether") {
            Some(number) => Ok(Self { amount: ether(number.trim_end())?, in_ether: true }),
            None => Ok(Self { amount: Amount(digits(text)?), in_ether: false }),
        }
    }
}

/// Reads `12.345` as that many units of 10^18 atoms, exactly.
fn ether(number: &str) -> Result<Amount, AmountFault> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    if decimals.len() > ETHER_DECIMALS {
        return Err(AmountFault::TooFine);
    }
    digits(decimals)?;
    // Shifting the point is writing zeros.
    let text = format!("{whole}{decimals:0<ETHER_DECIMALS$}");
    digits(whole)?;
    digits(&text).map(Amount)
}

fn digits(text: &str) -> Result<u128, AmountFault> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountFault::NotANumber);
    }
    text.parse().map_err(|_| AmountFault::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solana_has_no_ether_and_smaller_accounts() {
        let on = |text: &str, chain| text.parse::<Typed>().unwrap().on(chain);
        let (most, more) = ("18446744073709551615", "18446744073709551616");
        assert_eq!(on(most, ChainId::Solana).unwrap(), Amount(u128::from(u64::MAX)));
        assert_eq!(on(more, ChainId::Base).unwrap(), Amount(u128::from(u64::MAX) + 1));
        for text in [more, "1ether"] {
            let failure = on(text, ChainId::Solana).unwrap_err();
            assert!(failure.status == crate::exit::ExitStatus::Usage && failure.hint.is_some(), "{text}: {failure:?}");
        }
    }

    #[test]
    fn amounts_are_exact() {
        let read = |text: &str| text.parse::<Typed>().map(|typed| typed.amount.0);
        for (text, amount) in [
            ("0", 0),
            ("1000", 1_000),
            ("1ether", 1_000_000_000_000_000_000),
            ("1 ether", 1_000_000_000_000_000_000),
            ("0.5ether", 500_000_000_000_000_000),
            ("1000.000000000000000001ether", 1_000_000_000_000_000_000_001),
            ("0.1ether", 100_000_000_000_000_000),
            ("340282366920938463463374607431768211455", u128::MAX),
            ("340282366920938463463.374607431768211455ether", u128::MAX),
        ] {
            assert_eq!(read(text), Ok(amount), "{text}");
        }
        for text in [
            "",
            "ether",
            ".5ether",
            "1.ether",
            "-1",
            "+1",
            "1e18",
            "1,000",
            "0x10",
            "1gwei",
            "1.5",
            "1..5ether",
            "1 000",
        ] {
            assert_eq!(read(text), Err(AmountFault::NotANumber), "{text}");
        }
        assert_eq!(read("0.1234567890123456789ether"), Err(AmountFault::TooFine));
        for text in ["340282366920938463463374607431768211456", "340282366920938463463.374607431768211456ether"] {
            assert_eq!(read(text), Err(AmountFault::TooLarge), "{text}");
        }
    }
}
