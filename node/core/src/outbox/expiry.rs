//! When a transaction of Solana can never happen any more.
//!
//! A blockhash is taken in the blocks up to a certain height. Beyond it a transaction that is in no block of the final chain
//! never will be, so two things have to be known of *one* final block: that it is higher, and that the transaction is
//! neither in it nor before it. Only then may the same call be signed anew. A time-out, an answer that the blockhash is not
//! known, or a transaction that is merely not found say nothing of the kind: each of them also comes from an endpoint that
//! is behind, and such a transaction may be in a block already.

use super::{Pin, Trail};
use crate::cycle::Height;

/// How far an endpoint's final chain reaches, and whether a transaction was found in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalView {
    /// The slot of the final block.
    pub slot: Height,
    /// How many blocks there are up to it, which are fewer than slots.
    pub block_height: Height,
    /// The first slot whose transactions the endpoint still has.
    pub remembers_from: Height,
    /// Whether the transaction is in this chain, at or before `slot`.
    pub found: bool,
}

impl Trail {
    /// Whether what was signed is not in this final chain and never will be. What an endpoint no longer remembers it cannot
    /// rule out: the transaction may be in any block after the one that its blockhash is of.
    #[must_use]
    pub const fn is_ruled_out_by(&self, view: FinalView) -> bool {
        match self.pin {
            Pin::Blockhash { last_valid, .. } => {
                !view.found && view.block_height.0 > last_valid.0 && view.remembers_from.0 <= self.free_at.0
            }
            // A nonce waits for ever.
            Pin::Nonce(_) => false,
        }
    }
}
