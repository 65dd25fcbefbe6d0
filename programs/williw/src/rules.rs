//! The rules, without accounts: the same as in `node/core` and in `contracts/src/libraries`, file by file.

pub mod amounts;
pub mod cycle_stakes;
pub mod facts;
pub mod hashes;
pub mod links;
pub mod network;
pub mod offences;
pub mod roots;
pub mod signatures;
pub mod slashes;
pub mod statements;
pub mod tenures;
pub mod terms;
pub mod times;

/// The number of Solana where encodings name a chain.
pub const SOLANA: u8 = 2;
