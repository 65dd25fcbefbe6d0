//! Values that stand in a file in exactly one way: no leading zero, no upper-case digit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// A value whose text is what the value itself prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exact<T>(pub(super) T);

impl<'de, T> Deserialize<'de> for Exact<T>
where
    T: FromStr<Err: fmt::Display> + fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        let value = text.parse::<T>().map_err(serde::de::Error::custom)?;
        if value.to_string() == text {
            Ok(Self(value))
        } else {
            Err(serde::de::Error::custom(format!("{text} is written as {value}")))
        }
    }
}

/// Any number of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(2 + 2 * self.0.len());
        text.push_str("0x");
        for byte in &self.0 {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        f.write_str(&text)
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").ok_or("no 0x in front")?.as_bytes();
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
        if !digits.len().is_multiple_of(2) {
            return Err("half a byte".to_owned());
        }
        let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
        digits.chunks_exact(2).map(byte).collect::<Option<Vec<u8>>>().map(Self).ok_or_else(|| "no hex digit".to_owned())
    }
}

/// A field that must be there and may be `null`: by itself, serde takes a missing one for `null`.
pub(super) fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// Reads a chain from its number.
pub(super) fn chain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<williw_core::identity::ChainId, D::Error> {
    let Exact(byte) = Exact::<u8>::deserialize(deserializer)?;
    williw_core::identity::ChainId::from_byte(byte)
        .ok_or_else(|| serde::de::Error::custom(format!("{byte} is no chain")))
}
