//! The chains: what their endpoints agree on, who of them lies, and the way in for transactions.
//!
//! An endpoint is somebody else's machine. It may be down, behind, on a fork, or bought, and a node that admits peers by
//! what endpoints say is only as good as its way of not believing them. So nothing here is taken from one endpoint because
//! it said so: what is final is agreed by a quorum, what a journal holds is folded and compared with the chain's own
//! storage, and whatever cannot be proven at all (the unfinal tail) carries the names of those who showed it. Each way of
//! being wrong has a name of its own, so that a person can see which of their endpoints to replace.
//!
//! [`reader`] is what a node asks of a chain, whichever it is. [`panel`] asks the endpoints of a chain together, [`quorum`]
//! says how many of them have to agree, and [`fault`] names what each does wrong. [`base`] reads Base, and [`release`] knows
//! what should stand there; [`solana`] reads Solana. [`verb`] says what an owner can ask of either, [`wallet`] holds the key
//! that signs it, and [`send`] and `solana::send` have the steps in which it is carried out; [`address`] reads what people
//! write. Rules about stake or peers are not here: those are the core's.

pub mod address;
pub mod base;
pub mod endpoint;
pub mod fault;
pub mod panel;
pub mod quorum;
pub mod reader;
pub mod release;
pub(crate) mod rpc;
pub mod send;
pub mod snapshot;
pub mod solana;
pub mod verb;
pub mod wallet;

pub use endpoint::EndpointName;
pub use fault::{ChainError, EndpointFault, Faults, Reading};
pub use panel::EndpointStatus;
pub use reader::{Chain, Cursor, Finals};
