//! Slots that are taken back.

use solana_address::Address;

use super::Chain;

impl Chain {
    /// Everything after this slot did not happen: accounts are as they were at its end, and its transactions are
    /// unknown. A new slot begins, with a number that was never used.
    pub(crate) fn revert(&mut self, to_slot: u64) -> Result<(), String> {
        if self.block(to_slot).is_none() {
            return Err(format!("slot {to_slot} has no block to go back to"));
        }
        let gone: Vec<_> = self.executed_between(to_slot, self.newest()).cloned().collect();
        let time_ms = self.forget_blocks_above(to_slot);
        for executed in &gone {
            self.transactions.remove(&executed.signature);
            self.messages.remove(&executed.transaction.message.hash());
        }
        for address in gone.iter().flat_map(|executed| &executed.addresses) {
            if let Some(signatures) = self.mentions.get_mut(address) {
                signatures.retain(|signature| self.transactions.contains_key(signature));
            }
        }
        self.branch(time_ms + self.pace.slot_ms);
        self.put_back(to_slot)
    }

    fn put_back(&mut self, to_slot: u64) -> Result<(), String> {
        let mut changed: Vec<Address> = Vec::new();
        for (address, versions) in &mut self.accounts {
            let before = versions.len();
            versions.retain(|version| version.slot <= to_slot);
            if versions.len() != before {
                changed.push(*address);
            }
        }
        self.enter();
        let newest = self.newest();
        let accounts = changed.into_iter().map(|address| (address, self.account(&address, newest))).collect();
        self.engine.put(accounts)
    }
}
