//! What the core promises, checked from outside: shared vectors, published test sets, and models that keep everything.
#![deny(clippy::wildcard_enum_match_arm)]

mod amounts;
mod curves;
mod dice;
mod reputation;
#[cfg(feature = "sim")]
mod sim;
mod stake;
mod vectors;
