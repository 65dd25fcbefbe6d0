//! The two blocks that everything is read at: the final head and the tip.

use alloy::primitives::B256;
use futures_util::future::join;
use williw_core::cycle::Height;

use super::Base;
use super::endpoint::{Block, Which, core_hash};
use crate::fault::{ChainError, EndpointFault};
use crate::panel::Matter;
use crate::quorum::{agreed, reached_heights};

/// How far an endpoint's final head may lie behind the agreed one: an hour of blocks. Endpoints learn of finality in steps.
pub const FINAL_LAG_BLOCKS: u64 = 1_800;

/// How far an endpoint's tip may lie behind the agreed one: a minute of blocks.
pub const TIP_LAG_BLOCKS: u64 = 30;

/// How many blocks below the lowest of the tips that a quorum reaches are tried until it agrees on one.
pub const TIP_WALK_BLOCKS: u64 = 16;

impl Base {
    /// The highest block that a quorum calls finalized by the same hash.
    pub(crate) async fn final_block(&mut self, matter: Matter) -> Result<Block, ChainError> {
        self.begin(matter).await;
        let ask = |index: usize| {
            let endpoint = &self.panel[index];
            let heads = async move {
                let (latest, finalized) = join(endpoint.block(Which::Latest), endpoint.block(Which::Finalized)).await;
                latest.and_then(|latest| Ok((latest, finalized?)))
            };
            (index, heads)
        };
        let answers = self
            .panel
            .gather(self.panel.sound(matter).into_iter().map(ask), |good| good.len() >= self.panel.quorum)
            .await;
        let mut heads = Vec::new();
        for (index, (latest, finalized)) in self.panel.settle(matter, answers) {
            let endpoint = &mut self.panel[index];
            (endpoint.seen.latest, endpoint.seen.finalized) = (Some(latest), Some(finalized));
            heads.push((index, finalized));
        }
        let heights = heads.iter().map(|(_, block)| block.height.0).collect();
        let reached = reached_heights(heights, self.panel.quorum);
        let Some(block) = self.highest_agreed(matter, reached, &heads).await else {
            return Err(self.panel.no_quorum(matter, "the final head"));
        };
        let heights = heads.iter().map(|(_, head)| head.height);
        self.panel.near(matter, "how far the final chain goes", heights, (block.height, FINAL_LAG_BLOCKS))?;
        self.blame_laggards(matter, &heads, block, FINAL_LAG_BLOCKS);
        Ok(block)
    }

    /// The highest block near the tip that a quorum names by the same hash.
    pub(crate) async fn tip(&mut self, matter: Matter) -> Result<Block, ChainError> {
        self.begin(matter).await;
        let ask = |index: usize| (index, self.panel[index].block(Which::Latest));
        let answers = self
            .panel
            .gather(self.panel.sound(matter).into_iter().map(ask), |good| good.len() >= self.panel.quorum)
            .await;
        let heads = self.panel.settle(matter, answers);
        for (index, latest) in &heads {
            self.panel[*index].seen.latest = Some(*latest);
        }
        let heights = heads.iter().map(|(_, block)| block.height.0).collect();
        let mut candidates = reached_heights(heights, self.panel.quorum);
        let lowest = candidates.last().copied().unwrap_or_default();
        candidates.extend((lowest.saturating_sub(TIP_WALK_BLOCKS)..lowest).rev());
        let Some(block) = self.highest_agreed(matter, candidates, &heads).await else {
            return Err(self.panel.no_quorum(matter, "the tip"));
        };
        let heights = heads.iter().map(|(_, head)| head.height);
        self.panel.near(matter, "how far the chain goes", heights, (block.height, TIP_LAG_BLOCKS))?;
        self.blame_laggards(matter, &heads, block, TIP_LAG_BLOCKS);
        Ok(block)
    }

    /// The block at the first of these heights at which a quorum has the same. If there is none, whoever takes part in the
    /// highest dispute is named; if there is one, only who dissents there: above it, it may be the liar who made a quorum
    /// of heights.
    async fn highest_agreed(&mut self, matter: Matter, heights: Vec<u64>, heads: &[(usize, Block)]) -> Option<Block> {
        let mut disputed = None;
        for height in heights {
            let claims = self.claims(matter, Height(height), heads).await;
            if let Some(block) = self.agree(matter, &claims) {
                return Some(block);
            }
            // One who finds nobody to agree with contradicts nobody either.
            if claims.iter().any(|(_, block)| block.hash != claims[0].1.hash) {
                disputed = disputed.or(Some(claims));
            }
        }
        self.blame_disputed(matter, &disputed.unwrap_or_default());
        None
    }

    /// The block at a height, as everybody has it whose head is not below.
    pub(crate) async fn claims(
        &mut self,
        matter: Matter,
        height: Height,
        heads: &[(usize, Block)],
    ) -> Vec<(usize, Block)> {
        let ask = |(index, head): (usize, Block)| {
            let endpoint = &self.panel[index];
            (
                index,
                async move { if head.height == height { Ok(head) } else { endpoint.block(Which::At(height)).await } },
            )
        };
        let there =
            heads.iter().copied().filter(|(index, head)| head.height >= height && self.panel.is_sound(matter, *index));
        let answers = self.panel.gather(there.map(ask), |good| self.agreed_hash(good).is_some()).await;
        self.panel.settle(matter, answers)
    }

    pub(crate) fn agreed_hash(&self, claims: &[(usize, Block)]) -> Option<B256> {
        let hashes: Vec<_> = claims.iter().map(|(index, block)| (*index, block.hash)).collect();
        agreed(&hashes, self.panel.quorum)
    }

    /// The block that a quorum has; whoever has another one is blamed.
    pub(crate) fn agree(&mut self, matter: Matter, claims: &[(usize, Block)]) -> Option<Block> {
        let hash = self.agreed_hash(claims)?;
        let others: Vec<_> = claims.iter().copied().filter(|(_, block)| block.hash != hash).collect();
        self.blame_disputed(matter, &others);
        claims.iter().map(|(_, block)| *block).find(|block| block.hash == hash)
    }

    /// Names everybody who takes part in a dispute: who is right cannot be told.
    fn blame_disputed(&mut self, matter: Matter, claims: &[(usize, Block)]) {
        for (index, block) in claims {
            let fault = EndpointFault::OtherBlock { height: block.height, hash: core_hash(block.hash) };
            self.panel.blame(matter, *index, fault);
        }
    }

    fn blame_laggards(&mut self, matter: Matter, heads: &[(usize, Block)], agreed: Block, slack: u64) {
        for (index, head) in heads {
            let behind = agreed.height.0.saturating_sub(head.height.0);
            if behind > slack {
                self.panel.blame(matter, *index, EndpointFault::Lagging { at: head.height, behind });
            }
        }
    }
}
