//! The numbers of a transaction: its blockhash, what it may use, and what it offers.

use anchor_client::compat::solana_hash::Hash as Blockhash;
use anchor_client::compat::solana_message::legacy::Message;
use serde::Deserialize;
use serde_json::json;
use williw_core::cycle::Height;
use williw_core::identity::Account;

use crate::fault::{ChainError, EndpointFault};
use crate::send::SendError;
use crate::solana::Solana;
use crate::solana::ask::AtSlot;

use super::message::Budget;
use super::venue::key;
use super::{MATTER, PRICE_CAP, PRICE_FLOOR};

/// How far honest endpoints may be apart in what they call final, in blocks or slots: as long as a blockhash lives. What is
/// further off only makes a transaction that never happened slower to rule out, or impossible.
const SPREAD_CAP: u64 = 150;

/// How far the last valid height of a blockhash is above the height of its own block, by which endpoints name it. The chain
/// takes it for one block more.
pub(super) const VALID_FOR: u64 = 150;

/// The fee for a signature, in lamports.
const SIGNATURE_FEE: u64 = 5_000;

/// Millionths of a lamport, in which prices are.
const MICRO: u64 = 1_000_000;

/// A blockhash, and when it is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fresh {
    pub(super) blockhash: Blockhash,
    pub(super) slot: Height,
    pub(super) last_valid: Height,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Latest {
    blockhash: String,
    last_valid_block_height: u64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offered {
    prioritization_fee: u64,
}

impl Solana {
    /// A blockhash of the final chain, which no fork can take away.
    ///
    /// The newest that a quorum has come to is taken, and a quorum has to know it. Its last height is a matter of life and
    /// death: who believes one that is too low signs the same call anew while the first may still happen. Nobody can be
    /// asked for the height of a blockhash, so it is bounded from above: whoever knows it has it at or below its own final
    /// height, and of a quorum of those at least one is honest.
    pub(super) async fn blockhash(&mut self) -> Result<Fresh, ChainError> {
        let latest: Vec<(usize, AtSlot<Latest>)> =
            self.poll("getLatestBlockhash", json!([{ "commitment": "finalized" }])).await;
        // A slot that is too low would be that of no block: nothing that was signed could ever be ruled out from there on.
        let mut slots: Vec<(usize, u64)> = latest.iter().map(|(index, latest)| (*index, latest.slot().0)).collect();
        self.blame_outliers("the final slot", &mut slots);
        let is_near = |index: &usize| slots.iter().any(|(near, _)| near == index);
        let mut candidates: Vec<(Height, String)> = latest
            .into_iter()
            .filter(|(index, _)| is_near(index))
            .map(|(_, latest)| (latest.slot(), latest.value.blockhash))
            .collect();
        candidates.sort_unstable_by(|one, other| other.cmp(one));
        for (slot, text) in candidates.into_iter().skip(self.panel.quorum - 1) {
            let Ok(blockhash) = text.parse::<Blockhash>() else { continue };
            if let Some(height) = self.height_at_most(slot, &text).await {
                let last_valid = Height(height.saturating_add(VALID_FOR));
                return Ok(Fresh { blockhash, slot, last_valid });
            }
        }
        Err(self.panel.no_quorum(MATTER, "a blockhash"))
    }

    /// A final height that this blockhash is not above, if a quorum knows it.
    async fn height_at_most(&mut self, slot: Height, blockhash: &str) -> Option<u64> {
        let told = self.final_heights_of(slot, blockhash).await;
        let mut heights: Vec<(usize, u64)> =
            told.iter().filter_map(|(index, height)| Some((*index, (*height)?))).collect();
        self.blame_outliers("the final block height", &mut heights);
        if heights.len() < self.panel.quorum {
            return None;
        }
        // What a quorum has in its final chain everybody has who came so far.
        for (index, _) in told.iter().filter(|(_, height)| height.is_none()) {
            self.panel.blame(MATTER, *index, EndpointFault::Contradicts("a blockhash"));
        }
        heights.into_iter().map(|(_, height)| height).max()
    }

    /// The final block heights of those who know this blockhash, asked after they said so; none of those who do not.
    async fn final_heights_of(&mut self, slot: Height, blockhash: &str) -> Vec<(usize, Option<u64>)> {
        let known = json!([blockhash, { "commitment": "finalized", "minContextSlot": slot.0 }]);
        let ask = |index: usize| {
            let (endpoint, known) = (&self.panel[index], &known);
            let height = async move {
                let known: AtSlot<bool> = endpoint.ask_at("isBlockhashValid", known, slot).await?;
                if !known.value {
                    return Ok(None);
                }
                // Of the machine that knows it, or of one that has come as far: behind one address there may be several.
                let from = known.slot();
                let newer = json!([{ "commitment": "finalized", "minContextSlot": from.0 }]);
                let latest: AtSlot<Latest> = endpoint.ask_at("getLatestBlockhash", &newer, from).await?;
                Ok(Some(latest.value.last_valid_block_height.saturating_sub(VALID_FOR)))
            };
            (index, height)
        };
        let asked = self.panel.sound(MATTER).into_iter().map(ask);
        let answers = self.panel.gather(asked, |good| good.len() >= self.panel.quorum).await;
        self.panel.settle(MATTER, answers)
    }

    /// While the liars are fewer than the honest, the middle is an honest height or lies between two.
    fn blame_outliers(&mut self, what: &'static str, heights: &mut Vec<(usize, u64)>) {
        let mut sorted: Vec<u64> = heights.iter().map(|(_, height)| *height).collect();
        sorted.sort_unstable();
        let Some(&middle) = sorted.get(sorted.len() / 2) else { return };
        heights.retain(|(index, height)| {
            let is_near = height.abs_diff(middle) <= SPREAD_CAP;
            if !is_near {
                self.panel.blame(MATTER, *index, EndpointFault::Contradicts(what));
            }
            is_near
        });
    }

    /// What others offered lately for the accounts that this one writes: more than three of four of them, and never more
    /// than the cap.
    pub(super) async fn price(&mut self, message: &Message) -> Result<u64, SendError> {
        let written = |index: &usize| message.is_maybe_writable(*index, None);
        let keys = (0..message.account_keys.len()).filter(written).map(|index| message.account_keys[index].to_string());
        let keys: Vec<String> = keys.collect();
        let offers: Vec<(usize, Vec<Offered>)> = self.poll("getRecentPrioritizationFees", json!([keys])).await;
        let offers = offers.into_iter().map(|(index, offers)| (index, upper_quartile(&offers))).collect();
        let price = self.panel.middle_of(MATTER, "the priority fee", offers)?;
        Ok(price.clamp(PRICE_FLOOR, PRICE_CAP))
    }

    /// A transaction that the account cannot pay would be taken by nobody.
    pub(super) async fn can_pay(&mut self, from: Account, budget: Budget, what: &str) -> Result<(), SendError> {
        let params = json!([key(from).to_string(), { "commitment": "confirmed" }]);
        let balances: Vec<(usize, AtSlot<u64>)> = self.poll("getBalance", params).await;
        let balances = balances.into_iter().map(|(index, balance)| (index, balance.value)).collect();
        let needs = fee_up(budget);
        match self.lacking("whether the account has lamports enough", balances, needs)? {
            None => Ok(()),
            Some(has) => Err(SendError::TooFewLamports { what: what.to_owned(), has, needs }),
        }
    }
}

/// What a transaction with one signature costs, in lamports.
fn fee_up(budget: Budget) -> u64 {
    let priority = u128::from(budget.limit) * u128::from(budget.price);
    let priority = u64::try_from(priority.div_ceil(u128::from(MICRO))).unwrap_or(u64::MAX);
    SIGNATURE_FEE.saturating_add(priority)
}

fn upper_quartile(offers: &[Offered]) -> u64 {
    let mut prices: Vec<u64> = offers.iter().map(|offer| offer.prioritization_fee).collect();
    prices.sort_unstable();
    prices.get(prices.len() * 3 / 4).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use williw_core::identity::Account;
    use williw_core::network::NetworkId;

    use super::{Budget, EndpointFault, Offered, PRICE_CAP, SPREAD_CAP, Solana, fee_up, upper_quartile};
    use crate::solana::SolanaSettings;
    use crate::solana::send::{COMPUTE_CAP, MATTER};

    /// Who is left of endpoints that name these heights; the others are named.
    fn near(heights: &[u64]) -> Vec<u64> {
        let rpcs = (0..heights.len()).map(|nth| format!("http://{nth}.example/").parse().unwrap()).collect();
        let (program, genesis) = (Account([1; 32]), Account([2; 32]));
        let settings = SolanaSettings { rpcs, program, genesis, network: NetworkId([3; 32]) };
        let mut solana = Solana::new(&settings).unwrap();
        let mut left: Vec<(usize, u64)> = heights.iter().copied().enumerate().collect();
        solana.blame_outliers("x", &mut left);
        let faults = solana.panel.faults(MATTER).0;
        assert_eq!(left.len() + faults.len(), heights.len());
        assert!(faults.iter().all(|(_, fault)| *fault == EndpointFault::Contradicts("x")));
        left.into_iter().map(|(_, height)| height).collect()
    }

    #[test]
    fn who_is_far_from_the_middle_is_not_heard() {
        assert_eq!(near(&[1_000, 1_000 + SPREAD_CAP, 1_000 - SPREAD_CAP]), [1_000, 1_150, 850]);
        assert_eq!(near(&[1_000, 0, 1_001]), [1_000, 1_001]);
        assert_eq!(near(&[1_000, 1_000 + SPREAD_CAP + 1, 999]), [1_000, 999]);
        // Of two nobody knows which one lies, and one alone is no quorum.
        assert_eq!(near(&[1_000, 0]), [1_000]);
    }

    #[test]
    fn fees_round_up_and_are_bounded() {
        assert_eq!(fee_up(Budget { limit: 1, price: 1 }), 5_001);
        assert_eq!(fee_up(Budget { limit: 100_000, price: 0 }), 5_000);
        assert_eq!(fee_up(Budget { limit: 100_000, price: 1_000_000 }), 105_000);
        assert_eq!(fee_up(Budget { limit: u32::MAX, price: u64::MAX }), u64::MAX);
        // A hundredth of a coin at most, whatever endpoints say.
        assert!(fee_up(Budget { limit: COMPUTE_CAP, price: PRICE_CAP }) <= 10_000_000);
    }

    #[test]
    fn three_of_four_are_outbid() {
        let offers = |prices: &[u64]| -> Vec<Offered> {
            prices.iter().map(|price| Offered { prioritization_fee: *price }).collect()
        };
        assert_eq!(upper_quartile(&offers(&[])), 0);
        assert_eq!(upper_quartile(&offers(&[7])), 7);
        assert_eq!(upper_quartile(&offers(&[4, 1, 3, 2])), 4);
        assert_eq!(upper_quartile(&offers(&[0, 0, 0, 0, 0, 0, 9, 99])), 9);
    }
}
