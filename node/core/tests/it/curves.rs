//! Project Wycheproof's signatures against our two curves: what it calls valid and what we accept may differ only where
//! our rules are stricter, and every such place is counted.
//!
//! The counts are exact, so a set that came up empty, or a rule that became looser or stricter, fails.

mod ed25519;
mod keccak;
mod secp256k1;
