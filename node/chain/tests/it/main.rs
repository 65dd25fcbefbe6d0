//! Chains as they are: anvil or a localnet below, liars in between, and what is left of what they say.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in what its cases share")]

mod anvil;
mod both_chains;
mod finals;
mod follower;
mod liars;
mod looking;
mod proxy;
mod sender;
mod sending;
mod solana;
mod tails;
mod traces;
mod verbs;
mod world;
