//! Fixed-width big-endian bytes: the reader refuses a wrong length, the writer cannot produce one.

use crate::amount::Amount;

/// The bytes are not as many as the encoding has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {wanted} bytes, got {got}")]
pub struct WrongLength {
    pub wanted: usize,
    pub got: usize,
}

/// Takes fields off the front of a byte string whose whole length was checked before.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader over exactly `wanted` bytes.
    pub(crate) fn new(bytes: &'a [u8], wanted: usize) -> Result<Self, WrongLength> {
        if bytes.len() == wanted { Ok(Self { rest: bytes }) } else { Err(WrongLength { wanted, got: bytes.len() }) }
    }

    /// The next `N` bytes. The length was checked in `new`; reading beyond it is a bug in the layout.
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.rest.split_first_chunk().expect("the layout is as long as the length checked in new");
        self.rest = rest;
        *field
    }

    pub(crate) fn u8(&mut self) -> u8 {
        u8::from_be_bytes(self.bytes())
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.bytes())
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }

    pub(crate) fn amount(&mut self) -> Amount {
        Amount(u128::from_be_bytes(self.bytes()))
    }

    /// Every byte was read; anything else is a bug in the layout.
    pub(crate) fn done(self) {
        assert!(self.rest.is_empty(), "the layout is shorter than the length checked in new");
    }
}
