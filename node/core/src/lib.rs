//! The pure core of williw.
#![deny(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

pub mod amount;
pub mod census;
pub mod cycle;
pub mod cycle_stake;
pub mod ed25519;
pub mod fact;
pub mod hash;
pub mod hex;
pub mod identity;
pub mod journal;
pub mod ledger;
pub mod link;
pub mod merkle;
pub mod model;
pub mod network;
pub mod offence;
pub mod reputation;
pub mod roster;
pub mod secp256k1;
#[cfg(feature = "sim")]
pub mod sim;
pub mod slash;
pub mod standing;
pub mod statement;
pub mod tail;
pub mod tenure;
pub mod typed;
mod wire;
