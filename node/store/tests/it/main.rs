//! The store against real files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in what its cases share")]

mod append;
mod disk;
mod exact;
mod guard;
mod killed;
mod made;
mod outbox;
mod peers;
mod refusals;
mod whole;
mod worlds;
