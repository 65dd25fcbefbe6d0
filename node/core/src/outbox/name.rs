//! How a chain calls a transaction.

use std::fmt;

use crate::hash::Hash;

/// The name of a signed transaction, by which anybody can look it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransactionName {
    /// Its hash.
    Base(Hash),
    /// Its first signature.
    Solana([u8; 64]),
}

impl fmt::Display for TransactionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(hash) => hash.fmt(f),
            Self::Solana(signature) => f.write_str(&bs58::encode(signature).into_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TransactionName;
    use crate::hash::Hash;

    #[test]
    fn each_chain_has_its_own_spelling() {
        assert_eq!(TransactionName::Base(Hash([0xab; 32])).to_string(), format!("0x{}", "ab".repeat(32)));
        assert_eq!(TransactionName::Solana([0; 64]).to_string(), "1".repeat(64));
        let mut one = [0; 64];
        one[63] = 58;
        assert_eq!(TransactionName::Solana(one).to_string(), format!("{}21", "1".repeat(63)));
    }
}
