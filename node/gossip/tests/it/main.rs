//! The network with real endpoints on the loopback interface. Strangers and hostile members are bare iroh endpoints without a
//! door; they write their own envelopes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, also in what its cases share")]

mod crowd;
mod echoes;
mod eviction;
mod heartbeats;
mod hostile;
mod memory;
mod neighbours;
mod planting;
mod races;
mod raw;
mod refusal;
mod retry;
mod stall;
mod world;
mod zero_rtt;
