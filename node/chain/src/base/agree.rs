//! The two blocks that everything is read at: the final head and the tip.

use futures_util::future::{join, join_all};
use williw_core::cycle::Height;

use super::Base;
use super::endpoint::{Block, Matter, Which, core_hash};
use super::fault::{ChainError, EndpointFault};
use super::quorum::{agreed, reached_heights};

/// How far an endpoint's final head may lie behind the agreed one: an hour of blocks. Endpoints learn of finality in steps.
pub const FINAL_LAG_BLOCKS: u64 = 1_800;

/// How far an endpoint's tip may lie behind the agreed one: a minute of blocks.
pub const TIP_LAG_BLOCKS: u64 = 30;

/// How many blocks below the tip are tried until a quorum agrees on one.
pub const TIP_WALK_BLOCKS: u64 = 16;

impl Base {
    /// The highest block that a quorum calls finalized by the same hash.
    pub(super) async fn final_block(&mut self, matter: Matter) -> Result<Block, ChainError> {
        self.begin(matter).await;
        let ask = |index: usize| {
            let endpoint = &self.endpoints[index];
            async move {
                let (latest, finalized) = join(endpoint.block(Which::Latest), endpoint.block(Which::Finalized)).await;
                (index, latest.and_then(|latest| Ok((latest, finalized?))))
            }
        };
        let answers = join_all(self.sound(matter).into_iter().map(ask)).await;
        let mut heads = Vec::new();
        for (index, (latest, finalized)) in self.settle(matter, answers) {
            let endpoint = &mut self.endpoints[index];
            (endpoint.latest, endpoint.finalized) = (Some(latest), Some(finalized));
            heads.push((index, finalized));
        }
        let heights = heads.iter().map(|(_, block)| block.height.0).collect();
        let mut disputed = None;
        for height in reached_heights(heights, self.quorum) {
            let claims = self.claims(matter, Height(height), &heads).await;
            match self.agree(matter, &claims) {
                Some(block) => {
                    self.blame_laggards(matter, &heads, block, FINAL_LAG_BLOCKS);
                    return Ok(block);
                }
                None => disputed = disputed.or(Some(claims)),
            }
        }
        self.blame_disputed(matter, &disputed.unwrap_or_default());
        Err(self.no_quorum(matter, "the final head"))
    }

    /// The highest block near the tip that a quorum names by the same hash.
    pub(crate) async fn tip(&mut self, matter: Matter) -> Result<Block, ChainError> {
        self.begin(matter).await;
        let ask = |index: usize| {
            let endpoint = &self.endpoints[index];
            async move { (index, endpoint.block(Which::Latest).await) }
        };
        let answers = join_all(self.sound(matter).into_iter().map(ask)).await;
        let heads = self.settle(matter, answers);
        for (index, latest) in &heads {
            self.endpoints[*index].latest = Some(*latest);
        }
        let heights = heads.iter().map(|(_, block)| block.height.0).collect();
        let Some(top) = reached_heights(heights, self.quorum).first().copied() else {
            return Err(self.no_quorum(matter, "the tip"));
        };
        let mut disputed = None;
        for height in (top.saturating_sub(TIP_WALK_BLOCKS)..=top).rev() {
            let claims = self.claims(matter, Height(height), &heads).await;
            match self.agree(matter, &claims) {
                Some(block) => {
                    self.blame_laggards(matter, &heads, block, TIP_LAG_BLOCKS);
                    return Ok(block);
                }
                None => disputed = disputed.or(Some(claims)),
            }
        }
        self.blame_disputed(matter, &disputed.unwrap_or_default());
        Err(self.no_quorum(matter, "the tip"))
    }

    /// The block at a height, as everybody has it whose head is not below.
    pub(super) async fn claims(
        &mut self,
        matter: Matter,
        height: Height,
        heads: &[(usize, Block)],
    ) -> Vec<(usize, Block)> {
        let ask = |(index, head): (usize, Block)| {
            let endpoint = &self.endpoints[index];
            async move { (index, if head.height == height { Ok(head) } else { endpoint.block(Which::At(height)).await }) }
        };
        let there =
            heads.iter().copied().filter(|(index, head)| head.height >= height && self.is_sound(matter, *index));
        let answers = join_all(there.map(ask)).await;
        self.settle(matter, answers)
    }

    /// The block that a quorum has; whoever has another one is blamed.
    fn agree(&mut self, matter: Matter, claims: &[(usize, Block)]) -> Option<Block> {
        let hashes: Vec<_> = claims.iter().map(|(index, block)| (*index, block.hash)).collect();
        let hash = agreed(&hashes, self.quorum)?;
        let others: Vec<_> = claims.iter().copied().filter(|(_, block)| block.hash != hash).collect();
        self.blame_disputed(matter, &others);
        claims.iter().map(|(_, block)| *block).find(|block| block.hash == hash)
    }

    /// Names everybody who takes part in a dispute: who is right cannot be told.
    fn blame_disputed(&mut self, matter: Matter, claims: &[(usize, Block)]) {
        for (index, block) in claims {
            let fault = EndpointFault::OtherBlock { height: block.height, hash: core_hash(block.hash) };
            self.blame(matter, *index, fault);
        }
    }

    fn blame_laggards(&mut self, matter: Matter, heads: &[(usize, Block)], agreed: Block, slack: u64) {
        for (index, head) in heads {
            let behind = agreed.height.0.saturating_sub(head.height.0);
            if behind > slack {
                self.blame(matter, *index, EndpointFault::Lagging { at: head.height, behind });
            }
        }
    }
}
