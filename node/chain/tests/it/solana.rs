//! Solana as it is: the program's real bytecode on a localnet, whose endpoints lie when they are told to.

mod beginning;
mod calls;
mod finals;
mod follower;
mod liars;
mod localnet;
mod tails;
mod world;
