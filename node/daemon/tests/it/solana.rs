//! The outbox on Solana, on a chain that shows what each commitment stands for: the program's own verbs, sent by processes
//! that are killed, through endpoints that drop, hide and lag.

#[path = "../../../chain/tests/it/solana/calls.rs"]
#[expect(dead_code, reason = "shared with the tests of the chain, which do more with it")]
mod calls;
mod cases;
mod child;
mod doubts;
#[path = "../../../chain/tests/it/solana/localnet.rs"]
#[expect(dead_code, reason = "as above")]
mod localnet;
mod network;
mod numbers;
mod stories;
mod story;
mod verbs;
