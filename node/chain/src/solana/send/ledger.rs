//! Which blocks an endpoint has, by its own count.
//!
//! That a transaction is not found means nothing where the endpoint has no blocks: it may have dropped the oldest, and one
//! that was begun anew from a snapshot lacks some in the middle. So it is asked for its blocks, and what they say about
//! each other shows whether any is missing.

use serde::Deserialize;
use serde_json::json;
use williw_core::cycle::Height;
use williw_core::outbox::Stretch;

use crate::fault::EndpointFault;
use crate::solana::Endpoint;
use crate::solana::ask::Commitment;

use super::numbers::VALID_FOR;

/// The most blocks that are listed from that of a blockhash on: the last that can hold what was signed with it is among
/// them, also when the last valid height was bounded from as far above as it can be, and again as many.
const STRETCH_CAP: u64 = 4 * VALID_FOR;

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    /// None where it was never written down.
    block_height: Option<u64>,
    parent_slot: u64,
}

impl Endpoint {
    /// The slots of its first blocks from a slot on.
    async fn blocks_from(&self, from: Height, most: u64, commitment: Commitment) -> Result<Vec<u64>, EndpointFault> {
        const METHOD: &str = "getBlocksWithLimit";
        let terms = json!({ "commitment": commitment.word() });
        let slots: Vec<u64> = self.rpc.demand(METHOD, json!([from.0, most, terms])).await?;
        let is_sound = slots.is_sorted_by(|one, next| one < next)
            && slots.first().is_none_or(|first| *first >= from.0)
            && u64::try_from(slots.len()).is_ok_and(|count| count <= most);
        if is_sound { Ok(slots) } else { Err(EndpointFault::Undecodable(METHOD)) }
    }

    async fn block(&self, slot: u64, commitment: Commitment) -> Result<Block, EndpointFault> {
        let terms = json!({
            "commitment": commitment.word(), "transactionDetails": "none", "rewards": false,
            "maxSupportedTransactionVersion": u8::MAX,
        });
        self.rpc.demand("getBlock", json!([slot, terms])).await
    }

    /// Its final blocks after this slot, through the one behind the last valid height, and the slot of that one. To be asked
    /// of whoever says that its final chain is so high.
    pub(super) async fn stretch(&self, after: Height, last_valid: Height) -> Result<(Height, Stretch), EndpointFault> {
        let missing = |which: String| Err(EndpointFault::NoBlock(which));
        let slots = self.blocks_from(after, STRETCH_CAP, Commitment::Finalized).await?;
        let Some(&first_slot) = slots.first() else { return missing(format!("of any slot from {after} on")) };
        let (parent, first) = self.place(first_slot).await?;
        if parent > after {
            return Err(EndpointFault::Pruned { since: Height(first_slot) });
        }
        // If none is missing, the block that is so many after the first one is the one behind the last valid height.
        let steps = last_valid.0.saturating_add(1).saturating_sub(first.0);
        let last_slot = usize::try_from(steps).ok().and_then(|steps| slots.get(steps));
        let Some(&last_slot) = last_slot else { return missing(format!("behind height {last_valid}")) };
        let (_, last) = self.place(last_slot).await?;
        let stretch = Stretch { parent, first, last, blocks: steps.saturating_add(1) };
        if stretch.is_whole_after(after) {
            Ok((Height(last_slot), stretch))
        } else {
            missing(format!("at every height from {first} through {last}"))
        }
    }

    /// The slot of a final block's parent, and its own height.
    async fn place(&self, slot: u64) -> Result<(Height, Height), EndpointFault> {
        let block = self.block(slot, Commitment::Finalized).await?;
        let height = block.block_height.ok_or(EndpointFault::Undecodable("getBlock"))?;
        Ok((Height(block.parent_slot), Height(height)))
    }

    /// Whether it has the block of this slot, or the one after a gap in which that slot lies. False if it has not come so
    /// far; who has come farther and does not know is at fault.
    pub(super) async fn knows(&self, slot: Height) -> Result<bool, EndpointFault> {
        let slots = self.blocks_from(slot, 1, Commitment::Confirmed).await?;
        let Some(&next) = slots.first() else { return Ok(false) };
        let block = self.block(next, Commitment::Confirmed).await?;
        if block.parent_slot < slot.0 { Ok(true) } else { Err(EndpointFault::Pruned { since: Height(next) }) }
    }
}
