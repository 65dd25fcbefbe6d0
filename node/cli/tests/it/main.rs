//! The binary, as people and scripts call it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in what its cases share")]

#[path = "../../../chain/tests/it/anvil.rs"]
#[expect(dead_code, reason = "shared with the tests of the chain, which do more with it")]
mod anvil;
mod deploy;
mod deploy_solana;
mod guard;
mod help;
mod home;
mod init;
mod node;
mod outbox;
mod owners;
mod refused;
mod solana;
#[path = "../../../chain/tests/it/world.rs"]
#[expect(dead_code, reason = "shared with the tests of the chain, which do more with it")]
mod world;
