//! Logs of the vault as facts, a bounded range of blocks at a time.

use alloy::primitives::{Address, B256, Bytes, Log, LogData, U64};
use alloy::sol_types::SolEvent;
use serde::Deserialize;
use serde_json::json;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::fact::{Body, Fact};
use williw_core::identity::{Account, ChainId};

use super::abi::{StakeVault::Recorded, account_of};
use super::endpoint::{Endpoint, Which};
use crate::fault::{EndpointFault, LogFault, Outage};

/// The most blocks in one question for logs. An endpoint that refuses is asked for half of it, down to a single block.
pub const RANGE_BLOCKS: u64 = 10_000;

/// After so many answers in a row twice as many blocks are asked for.
const WIDEN_AFTER: u32 = 16;

/// A log as it is shown. What else stands beside it is skipped and not kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
    block_number: Option<U64>,
    block_timestamp: Option<U64>,
    log_index: Option<U64>,
    removed: Option<bool>,
}

/// A walk over the blocks from one height through another.
#[derive(Debug)]
pub(crate) struct Walk {
    next: u64,
    last: u64,
    width: u64,
    /// How many questions of this width were answered.
    answered: u32,
}

impl Walk {
    pub(crate) const fn new(from: Height, through: Height) -> Self {
        Self { next: from.0, last: through.0, width: RANGE_BLOCKS, answered: 0 }
    }

    /// The facts of the next blocks; none when the walk is over.
    pub(crate) async fn step(
        &mut self,
        endpoint: &Endpoint,
        vault: Address,
    ) -> Result<Option<Vec<Fact>>, EndpointFault> {
        while self.next <= self.last {
            let through = self.last.min(self.next.saturating_add(self.width - 1));
            match endpoint.facts(vault, Height(self.next), Height(through)).await {
                Ok(facts) => {
                    self.next = through.saturating_add(1);
                    self.answered += 1;
                    // A crowded stretch is no reason to go on in small steps for ever.
                    if self.answered >= WIDEN_AFTER {
                        (self.width, self.answered) = ((self.width * 2).min(RANGE_BLOCKS), 0);
                    }
                    return Ok(Some(facts));
                }
                Err(fault) if through > self.next && may_be_too_wide(&fault) => {
                    self.width = (through - self.next).div_ceil(2);
                    self.answered = 0;
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(None)
    }
}

/// Endpoints word "too many" in as many ways as there are endpoints, so every refusal may mean it, and so may an answer that
/// never comes or the status of a gateway that gave up.
const fn may_be_too_wide(fault: &EndpointFault) -> bool {
    matches!(
        fault,
        EndpointFault::Refused { .. }
            | EndpointFault::TooLong(_)
            | EndpointFault::Unreachable(Outage::Timeout | Outage::Status(413 | 500..=599))
    )
}

impl Endpoint {
    /// The facts of some blocks, in order.
    async fn facts(&self, vault: Address, from: Height, through: Height) -> Result<Vec<Fact>, EndpointFault> {
        let filter = json!([{
            "address": vault,
            "topics": [Recorded::SIGNATURE_HASH],
            "fromBlock": format!("{:#x}", from.0),
            "toBlock": format!("{:#x}", through.0),
        }]);
        let logs: Vec<Shown> = self.rpc.demand("eth_getLogs", filter).await?;
        let mut facts = Vec::with_capacity(logs.len());
        let mut before = None;
        let mut dated = None;
        for log in logs {
            let unplaced = EndpointFault::BadLog { height: from, why: LogFault::NoPlace };
            let (Some(number), Some(index)) = (log.block_number, log.log_index) else { return Err(unplaced) };
            let (height, index) = (Height(number.to()), index.to::<u64>());
            let bad = |why| EndpointFault::BadLog { height, why };
            if height < from || height > through || log.removed == Some(true) {
                return Err(bad(LogFault::Unasked));
            }
            if before.is_some_and(|before| before >= (height, index)) {
                return Err(bad(LogFault::OutOfOrder));
            }
            before = Some((height, index));
            let time = match (log.block_timestamp, dated) {
                (Some(seconds), _) => UnixSeconds(seconds.to()),
                (None, Some((dated, time))) if dated == height => time,
                (None, _) => self.block(Which::At(height)).await?.time,
            };
            dated = Some((height, time));
            facts.push(decode(vault, log, height, time).map_err(bad)?);
        }
        Ok(facts)
    }
}

/// The fact that a log tells. Its time is believed for now: the fold over it proves it.
fn decode(vault: Address, shown: Shown, height: Height, time: UnixSeconds) -> Result<Fact, LogFault> {
    if shown.address != vault || shown.topics.first() != Some(&Recorded::SIGNATURE_HASH) {
        return Err(LogFault::Unasked);
    }
    let data = LogData::new(shown.topics, shown.data).ok_or(LogFault::Shape)?;
    let event = Recorded::decode_log(&Log { address: vault, data }).map_err(|_| LogFault::Shape)?.data;
    let body = Body::decode(ChainId::Base, event.kind, &event.body)?;
    // The topic is in no head; nobody reads it here, but whoever forges it is worth knowing.
    if account_of(event.account) != body.account().unwrap_or(Account([0; 32])) {
        return Err(LogFault::OtherAccount);
    }
    Ok(Fact { chain: ChainId::Base, journal: account_of(vault), seq: event.seq, time, height, body })
}
