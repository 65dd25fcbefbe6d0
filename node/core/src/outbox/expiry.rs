//! When a transaction of Solana can never happen any more.
//!
//! Endpoints name a *last valid* height for a blockhash. The chain takes it in the blocks up to there and in one more: a
//! block is executed against the blockhashes that its parent knew. Beyond that a transaction that is in no block of the final
//! chain never will be. So two things have to be known of *one* final chain: that it is higher, and that the transaction is in
//! none of its blocks that could hold it. Only then may the same call be signed anew. A time-out, an answer that the
//! blockhash is not known, or a transaction that is merely not found say nothing of the kind: each of them also comes from an
//! endpoint that is behind, and such a transaction may be in a block already.
//!
//! Nor does it mean anything that a transaction is not found where blocks are missing, and a node that was begun anew from a
//! snapshot has old blocks and new ones and none in between. No endpoint says where. But heights count blocks, so whether any
//! is missing in a stretch follows from how many the endpoint lists and from the heights of the first and the last of them.

use super::{Pin, Trail};
use crate::cycle::Height;

/// Final blocks that an endpoint lists, in the order of their slots and without leaving any of its own out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The slot of the block on which the first one stands.
    pub parent: Height,
    /// How many blocks there are up to the first and up to the last one, which are fewer than slots.
    pub first: Height,
    pub last: Height,
    /// How many are listed.
    pub blocks: u64,
}

/// What an endpoint's final chain says about a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalView {
    /// The blocks that it has of those that could hold the transaction.
    pub stretch: Stretch,
    /// Whether the transaction is in this chain.
    pub found: bool,
}

impl Stretch {
    /// Whether the chain has no other block between this slot and the last one that is listed.
    #[must_use]
    pub fn is_whole_after(self, slot: Height) -> bool {
        let apart = self.last.0.checked_sub(self.first.0);
        self.parent <= slot && apart.is_some() && apart == self.blocks.checked_sub(1)
    }
}

impl Trail {
    /// Whether what was signed is not in this final chain and never will be. It may be in any block after the one that its
    /// blockhash is of, so an endpoint that lacks one of them cannot rule it out.
    #[must_use]
    pub fn is_ruled_out_by(&self, view: FinalView) -> bool {
        let FinalView { stretch, found } = view;
        match self.pin {
            Pin::Blockhash { last_valid, .. } => {
                !found && stretch.last > last_valid && stretch.is_whole_after(self.free_at)
            }
            // A nonce waits for ever.
            Pin::Nonce(_) => false,
        }
    }
}
