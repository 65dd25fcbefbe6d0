//! The network as its users have it: a process, and its ports.

mod commitments;
mod faces;
mod lies;
mod money;
mod net;
mod program;
mod revert;
mod sending;
mod sockets;
mod starting;
mod tools;
