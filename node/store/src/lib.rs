//! What a node believes and what it signed, in two SQLite files: the second is [`guard`]'s, the rest is about the first.
//!
//! The census decides, this writes: every [`Batch`] in one transaction, durable before the call returns, so that nothing is
//! carried out that a crash could forget. After a restart [`Store::checkpoint`] gives back what the census held, to the bit.
//!
//! - **One node.** A lock beside the file keeps a second node out, and inside the node all writes take turns on one
//!   connection. Only the [`Outbox`] is written by commands as well, and theirs take turns with the node's. Readers have their own and see whole batches only.
//! - **Append-only.** Facts are final, so triggers in the file itself refuse to change or delete one.
//! - **Exact.** Amounts and counters are big-endian blobs, because integers of SQLite stop at 2^63.
//! - **Doubtful is refused.** A file of another network, of a newer node or with a damaged page is not opened, and a row that
//!   does not decode is an error that names it. Nothing is skipped and nothing repaired: a record that lost something is
//!   worse than none, since the chains can give the whole of it again.

mod error;
mod facts;
pub mod guard;
mod open;
mod outbox;
mod peers;
mod read;
mod row;
mod store;
mod write;

pub use error::StoreError;
pub use facts::{Entry, FACTS_CAP, Place};
pub use outbox::{Asked, Attempt, INTENTS_CAP, Intent, Outbox, Which};
pub use peers::{ADDRESS_CAP, PEER_CAP, PeerRow};
pub use store::Store;

#[cfg(doc)]
use williw_core::census::Batch;
