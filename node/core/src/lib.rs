//! The pure core of williw: what is true, who may speak, and what has to be done about it.
//!
//! Nothing in this crate reads a clock, a file, a socket or a random number. Time is an argument, effects are values,
//! and the same inputs give the same outputs on every machine. Readers of chains, the store, the door and the command
//! line are thin shells around it.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | Owner | the cold account that locked stake, always with its chain |
//! | Operator | the on-chain record of an owner: stake, queue, keys, jail |
//! | Signer | a hot secp256k1 key that signs statements and nothing else |
//! | Peer | an ed25519 key: the name of a node on the network |
//! | Link | the tie between an owner, a peer and a signer, signed by both keys |
//! | Member | the operators (one, or one per chain) whose links name the same peer and signer |
//! | Cycle | a reward period by block time; epoch, slot and account belong to Solana |
//! | Cycle stake | the lowest stake an operator had during a cycle, 0 if it was jailed in it |
//! | Tenure | the interval in which a signer spoke for its operator |
//! | Fact | one thing a chain said, in its place in one journal |
//! | Journal | the facts of one contract or account, folded into one hash: the head |
//! | Page | final facts through one block, with the heads that the chain attests there |
//! | Beginning | a chain's accounts at one final block, where a ledger begins without what came before |
//! | Tail | everything after the final head, replaced whole with every reading |
//! | Rumour | a fact in a tail, and how many endpoints showed it |
//! | Standing | member, on probation, or barred; always with the reason |
//! | Intent | one call to a chain that is to happen once |
//! | Attempt | a transaction signed for an intent; all of them share its pin, so at most one happens |
//! | Pin | what makes attempts exclude each other: a nonce on Base, a blockhash on Solana |
//! | Base | the chain, and only the chain |
//!
//! # Where things are
//!
//! Encodings that the chains share: [`network`], [`typed`], [`statement`], [`link`], [`offence`], [`merkle`], [`fact`],
//! [`journal`]. Rules that the chains share: [`cycle`], [`cycle_stake`], [`tenure`], [`slash`], and [`model`], which
//! puts them together as the contracts do. What a node makes of it: [`ledger`], [`tail`], [`reputation`], [`standing`],
//! [`roster`], [`census`]. What its own signer may still sign: [`guard`]. What becomes of a transaction: [`outbox`]. A world
//! to try it in: `sim`, behind the feature of that name.
#![deny(clippy::arithmetic_side_effects, clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

pub mod amount;
pub mod census;
pub mod cycle;
pub mod cycle_stake;
pub mod ed25519;
pub mod fact;
pub mod guard;
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
pub mod outbox;
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
