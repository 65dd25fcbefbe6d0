//! Verb by verb: what each does, what it says, what it returns, and why it refuses, in the order of
//! `docs/decisions/0002-verbs.md`.

mod claim;
mod close_tally;
mod collect;
mod fund;
mod initialize;
mod recipient;
mod register;
mod restake;
mod roles;
mod rotate;
mod slash;
mod stake;
mod terms;
mod unjail;
mod unstake;
mod veto;
mod vote;
mod withdraw;
