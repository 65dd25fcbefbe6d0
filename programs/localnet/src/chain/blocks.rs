//! Slots and blocks: how time passes, and how old a blockhash is.

use solana_hash::Hash;
use solana_signature::Signature;

use super::Chain;

/// For how many blocks after its own a hash is called valid.
pub(crate) const MAX_AGE: u64 = 150;

/// Slots are ahead of heights, as on every chain on which some leader was ever missing.
const FIRST_SLOT: u64 = 1_000;
const FIRST_HEIGHT: u64 = 700;

/// So many blocks are there from the start, for all commitments to stand at one.
const FIRST_BLOCKS: u64 = 64;

/// A jump makes at most so many blocks, at its end. They are enough to let every blockhash from before it expire, and
/// for the jump to be final. The other slots of the jump are empty, as those of missing leaders are.
const JUMP_BLOCKS: u64 = 300;

/// Farther than anybody has to look ahead, and far from overflowing.
pub(crate) const MAX_JUMP_SLOTS: u64 = 10_000_000_000;
pub(crate) const MAX_JUMP_SECONDS: u64 = 100 * 366 * 86_400;

/// How long a slot is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) slot_ms: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) height: u64,
    pub(crate) parent: u64,
    /// Milliseconds since 1970.
    pub(crate) time_ms: u64,
    pub(crate) hash: Hash,
    pub(crate) signatures: Vec<Signature>,
}

impl Block {
    /// Seconds since 1970, as the Clock has it.
    pub(crate) fn time(&self) -> i64 {
        i64::try_from(self.time_ms / 1_000).expect("a hundred years after now fit")
    }
}

impl Chain {
    pub(super) fn begin(&mut self, now_ms: u64) {
        let before = self.pace.slot_ms * (FIRST_BLOCKS - 1);
        let first = FIRST_SLOT + 1 - FIRST_BLOCKS;
        for slot in first..=FIRST_SLOT {
            let time_ms = now_ms.saturating_sub(before) + (slot - first) * self.pace.slot_ms;
            let height = FIRST_HEIGHT + slot - FIRST_SLOT;
            self.add_block(slot, slot - 1, height, time_ms);
        }
    }

    fn add_block(&mut self, slot: u64, parent: u64, height: u64, time_ms: u64) {
        // No slot is used twice, so no hash is either.
        let hash = solana_message::VersionedMessage::hash_raw_message(
            &[b"block", self.genesis.as_bytes().as_slice(), &slot.to_le_bytes()].concat(),
        );
        self.hashes.insert(hash, slot);
        self.blocks.insert(slot, Block { height, parent, time_ms, hash, signatures: Vec::new() });
        self.highest = slot;
    }

    /// The next slot begins.
    pub(crate) fn tick(&mut self) {
        self.jump(1, self.pace.slot_ms);
    }

    /// Lets so many slots pass, and meanwhile so much time.
    pub(crate) fn jump(&mut self, slots: u64, span_ms: u64) {
        let (parent, last) = self.tip();
        let (mut parent, mut height, from_ms) = (parent, last.height, last.time_ms);
        let before = self.highest;
        for step in slots.saturating_sub(JUMP_BLOCKS) + 1..=slots {
            let passed = u128::from(span_ms) * u128::from(step) / u128::from(slots);
            let passed = u64::try_from(passed).expect("a part of a number is not above it");
            height += 1;
            self.add_block(before + step, parent, height, from_ms + passed);
            parent = before + step;
            self.execute_waiting();
        }
    }

    /// How many slots pass in so many seconds: at least one, and enough for all of them.
    pub(crate) fn slots_in(&self, seconds: u64) -> u64 {
        (seconds * 1_000).div_ceil(self.pace.slot_ms).max(1)
    }

    pub(crate) fn span_of(&self, slots: u64) -> u64 {
        slots * self.pace.slot_ms
    }

    fn tip(&self) -> (u64, &Block) {
        let (slot, block) = self.blocks.last_key_value().expect("there is a first block, and it stays");
        (*slot, block)
    }

    /// After a revert, the slot that takes the place of those that are gone. Time does not go back.
    pub(super) fn branch(&mut self, time_ms: u64) {
        let (parent, last) = self.tip();
        let height = last.height + 1;
        self.add_block(self.highest + 1, parent, height, time_ms);
    }

    pub(super) fn forget_blocks_above(&mut self, slot: u64) -> u64 {
        let time_ms = self.tip().1.time_ms;
        for block in self.blocks.split_off(&(slot + 1)).into_values() {
            self.hashes.remove(&block.hash);
        }
        time_ms
    }

    // Reading.

    pub(crate) fn newest(&self) -> u64 {
        self.tip().0
    }

    pub(crate) fn oldest(&self) -> u64 {
        *self.blocks.first_key_value().expect("there is a first block, and it stays").0
    }

    /// The slot of the block that has so many blocks above it.
    pub(crate) fn buried(&self, depth: usize) -> u64 {
        self.blocks.keys().rev().nth(depth).copied().unwrap_or_else(|| self.oldest())
    }

    pub(crate) fn block(&self, slot: u64) -> Option<&Block> {
        self.blocks.get(&slot)
    }

    /// The last block that is not above this slot.
    pub(crate) fn block_through(&self, slot: u64) -> (u64, &Block) {
        let slot = slot.max(self.oldest());
        let (slot, block) = self.blocks.range(..=slot).next_back().expect("the oldest one is not above it");
        (*slot, block)
    }

    pub(crate) fn blocks_between(&self, first: u64, last: u64) -> impl DoubleEndedIterator<Item = (&u64, &Block)> {
        self.blocks.range(first..last.saturating_add(1).max(first))
    }

    /// How many blocks ago, as of this slot, the hash was new. None if it is unknown there.
    pub(crate) fn age(&self, hash: &Hash, slot: u64) -> Option<u64> {
        let made = *self.hashes.get(hash)?;
        let (slot, block) = self.block_through(slot);
        (made <= slot).then(|| block.height - self.blocks[&made].height)
    }

    /// Whether endpoints call the hash valid at this slot.
    pub(crate) fn is_recent(&self, hash: &Hash, slot: u64) -> bool {
        self.age(hash, slot).is_some_and(|age| age <= MAX_AGE)
    }

    /// Whether what names the hash can be executed in the newest block. A block is executed by the hashes that there
    /// were when it began, and the newest of those is its parent's. So that is where the age is measured, and the last
    /// block that takes a hash is one above the last in which it is called valid.
    pub(super) fn is_taken(&self, hash: &Hash) -> bool {
        self.age(hash, self.newest()).is_some_and(|age| age.saturating_sub(1) <= MAX_AGE)
    }
}
