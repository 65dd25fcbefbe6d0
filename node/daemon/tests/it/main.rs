//! The outbox on a chain that is slow, forgetful and reorganised, through endpoints that lose and repeat what they are given,
//! in processes that are killed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in what its cases share")]
#![expect(clippy::print_stderr, reason = "seeds and counts are for whoever reads a failure")]

#[path = "../../../chain/tests/it/anvil.rs"]
#[expect(dead_code, reason = "shared with the tests of the chain, which do more with it")]
mod anvil;
mod cases;
mod chain;
mod child;
mod dice;
mod doubts;
mod lies;
mod post;
mod solana;
mod stories;
mod story;
