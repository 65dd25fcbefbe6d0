//! Slots, blocks, and how long a blockhash is good for.

use serde_json::{Value, json};
use solana_hash::Hash;

use super::{Answer, Asked, Fault, in_context};
use crate::chain::blocks::MAX_AGE;
use crate::face::{Commitment, Lie, View};

impl Asked<'_> {
    pub(super) fn slot(&self) -> Answer {
        Ok(json!(self.wanted(0)?.slot))
    }

    pub(super) fn height(&self) -> Answer {
        let view = self.wanted(0)?;
        Ok(json!(view.chain.block_through(view.slot).1.height))
    }

    pub(super) fn block_time(&self) -> Answer {
        let slot = self.params.u64(0)?;
        let view = self.view(Commitment::Confirmed);
        if slot > view.slot {
            return Err(Fault::new(-32004, format!("Block not available for slot {slot}")));
        }
        if slot < view.first_slot() {
            let message = format!(
                "Block {slot} cleaned up, does not exist on node. First available block: {}",
                view.first_slot()
            );
            return Err(Fault::new(-32001, message));
        }
        match view.chain.block(slot) {
            Some(block) => Ok(json!(block.time())),
            None => Err(Fault::new(
                -32007,
                format!("Slot {slot} was skipped, or missing due to ledger jump to recent snapshot"),
            )),
        }
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

/// The newest blockhash that is shown, and how long it can be used.
pub(super) fn latest(view: &View<'_>) -> Value {
    let block = view.chain.block_through(view.slot).1;
    json!({ "blockhash": block.hash.to_string(), "lastValidBlockHeight": block.height + MAX_AGE })
}
