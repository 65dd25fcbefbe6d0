//! What the core promises, checked from outside: shared vectors, published test sets, and models that keep everything.
#![deny(clippy::wildcard_enum_match_arm)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in what its cases share")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "seeds and counts are for whoever reads a failure")]

mod amounts;
mod beginning;
#[cfg(feature = "sim")]
mod both_chains;
#[cfg(feature = "sim")]
mod census;
mod curves;
#[cfg(feature = "sim")]
mod devnet;
mod dice;
mod guard;
#[cfg(feature = "sim")]
mod ledger;
mod outbox;
mod reputation;
#[cfg(feature = "sim")]
mod sim;
mod stake;
mod trees;
mod vectors;
