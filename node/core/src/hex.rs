//! Hex as people and tools write it: `0x` and lower-case digits.

use std::fmt;

/// The bytes as lower-case hex after `0x`.
pub(crate) fn write(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("0x")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Why a text is no hex value of the wanted length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HexFault {
    #[error("expected `0x` and {wanted} hex digits, got {got} characters")]
    Length { wanted: usize, got: usize },
    #[error("expected `0x` in front of the hex digits")]
    Prefix,
    #[error("character {at} is not a hex digit")]
    Digit { at: usize },
}

/// Reads exactly `N` bytes of prefixed hex; upper-case digits are welcome.
pub(crate) fn read<const N: usize>(text: &str) -> Result<[u8; N], HexFault> {
    let digits = text.strip_prefix("0x").ok_or(HexFault::Prefix)?.as_bytes();
    if digits.len() != N.saturating_mul(2) {
        return Err(HexFault::Length { wanted: N.saturating_mul(2), got: text.chars().count() });
    }
    let mut bytes = [0; N];
    for (at, &digit) in digits.iter().enumerate() {
        let value = (digit as char).to_digit(16).ok_or(HexFault::Digit { at: at.saturating_add(2) })?;
        let shift = if at.is_multiple_of(2) { 4 } else { 0 };
        bytes[at / 2] |= u8::try_from(value << shift).expect("a hex digit shifted by at most four bits fits a byte");
    }
    Ok(bytes)
}

/// Takes `N` bytes from a serde format: raw from a binary one, hex from one that people read.
pub(crate) struct Bytes<const N: usize>;

impl<const N: usize> serde::de::Visitor<'_> for Bytes<N> {
    type Value = [u8; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<[u8; N], E> {
        bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<[u8; N], E> {
        read(text).map_err(E::custom)
    }
}

/// `Display`, `Debug`, `FromStr` and serde for a newtype over a byte array: prefixed hex wherever people read.
macro_rules! hex_type {
    ($name:ident, $len:literal) => {
        impl $name {
            /// How many bytes it has.
            pub const LEN: usize = $len;

            /// True for the value that stands for "none" in fixed-width encodings.
            #[must_use]
            pub fn is_zero(&self) -> bool {
                self.0 == [0; $len]
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::hex::write(&self.0, f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::hex::HexFault;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::hex::read(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0)
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let visitor = $crate::hex::Bytes::<$len>;
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(visitor).map(Self)
                } else {
                    deserializer.deserialize_bytes(visitor).map(Self)
                }
            }
        }
    };
}
pub(crate) use hex_type;
