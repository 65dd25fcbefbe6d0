//! Slots, blocks, and how long a blockhash is good for.

use serde_json::{Value, json};
use solana_hash::Hash;

use super::{Answer, Asked, Fault, in_context};
use crate::chain::Block;
use crate::chain::blocks::MAX_AGE;
use crate::face::{Commitment, Lie, View};

/// The most blocks in one list.
const BLOCKS_CAP: u64 = 500_000;

impl Asked<'_> {
    pub(super) fn slot(&self) -> Answer {
        Ok(json!(self.wanted(0)?.slot))
    }

    pub(super) fn height(&self) -> Answer {
        let view = self.wanted(0)?;
        Ok(json!(view.chain.block_through(view.slot).1.height))
    }

    pub(super) fn block_time(&self) -> Answer {
        let block = block(&self.view(Commitment::Confirmed), self.params.u64(0)?)?;
        Ok(json!(block.time()))
    }

    /// What a block is, without what is in it.
    pub(super) fn block(&self) -> Answer {
        let slot = self.params.u64(0)?;
        if self.params.config(1)?.text("transactionDetails")? != Some("none") {
            return Err(Fault::params(
                "blocks are shown without transactions only: `transactionDetails` has to be `none`",
            ));
        }
        let view = self.wanted_of_history(1)?;
        let block = block(&view, slot)?;
        Ok(json!({
            "blockHeight": block.height,
            "blockTime": block.time(),
            "blockhash": block.hash.to_string(),
            "parentSlot": block.parent,
            "previousBlockhash": view.chain.block(block.parent).map(|parent| parent.hash).unwrap_or_default().to_string(),
        }))
    }

    /// The slots of the first so many blocks from a slot on.
    pub(super) fn blocks_with_limit(&self) -> Answer {
        let (first, limit) = (self.params.u64(0)?, self.params.u64(1)?);
        if limit > BLOCKS_CAP {
            return Err(Fault::params(format!("Limit too large; max {BLOCKS_CAP}")));
        }
        let limit = usize::try_from(limit).expect("it is below the cap");
        let view = self.wanted_of_history(2)?;
        Ok(view.blocks_from(first).take(limit).map(|(slot, _)| json!(slot)).collect())
    }

    pub(super) fn epoch(&self) -> Answer {
        let view = self.wanted(0)?;
        let schedule = view.chain.engine.epoch_schedule();
        let (epoch, index) = schedule.get_epoch_and_slot_index(view.slot);
        Ok(json!({
            "absoluteSlot": view.slot,
            "blockHeight": view.chain.block_through(view.slot).1.height,
            "epoch": epoch,
            "slotIndex": index,
            "slotsInEpoch": schedule.get_slots_in_epoch(epoch),
            "transactionCount": view.chain.executed_between(0, view.slot).count(),
        }))
    }

    pub(super) fn epoch_schedule(&self) -> Value {
        let schedule = self.network.chain.engine.epoch_schedule();
        json!({
            "slotsPerEpoch": schedule.slots_per_epoch,
            "leaderScheduleSlotOffset": schedule.leader_schedule_slot_offset,
            "warmup": schedule.warmup,
            "firstNormalEpoch": schedule.first_normal_epoch,
            "firstNormalSlot": schedule.first_normal_slot,
        })
    }

    pub(super) fn transaction_count(&self) -> Answer {
        let view = self.wanted(0)?;
        Ok(json!(view.chain.executed_between(0, view.slot).count()))
    }

    pub(super) fn genesis(&self) -> Answer {
        let lies = &self.network.faces[self.face].lies;
        let truth = self.network.chain.genesis;
        let wrong = Hash::new_from_array(truth.to_bytes().map(|byte| !byte));
        let lied = lies.iter().any(|lie| matches!(lie, Lie::WrongGenesis));
        Ok(json!(if lied { wrong } else { truth }.to_string()))
    }

    pub(super) fn latest_blockhash(&self) -> Answer {
        let view = self.wanted(0)?;
        Ok(in_context(&view, latest(&view)))
    }

    pub(super) fn is_blockhash_valid(&self) -> Answer {
        let hash: Hash = self.params.base58(0)?;
        let view = self.wanted(1)?;
        Ok(in_context(&view, json!(view.chain.is_recent(&hash, view.slot))))
    }
}

/// The block of a slot, if it is shown.
fn block<'a>(view: &View<'a>, slot: u64) -> Result<&'a Block, Fault> {
    if slot > view.slot {
        return Err(Fault::new(-32004, format!("Block not available for slot {slot}")));
    }
    let first = view.first_slot();
    if slot < first {
        let message = format!("Block {slot} cleaned up, does not exist on node. First available block: {first}");
        return Err(Fault::new(-32001, message));
    }
    let shown = view.blocks_from(slot).next().filter(|(found, _)| *found == slot);
    shown.map(|(_, block)| block).ok_or_else(|| {
        Fault::new(-32007, format!("Slot {slot} was skipped, or missing due to ledger jump to recent snapshot"))
    })
}

/// The newest blockhash that is shown, and how long it can be used.
pub(super) fn latest(view: &View<'_>) -> Value {
    let block = view.chain.block_through(view.slot).1;
    json!({ "blockhash": block.hash.to_string(), "lastValidBlockHeight": block.height + MAX_AGE })
}
