//! The steps of sending one after the other, with nothing on disk: for tests of what endpoints can do to each of them.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use williw_chain::base::{Base, Faults};
use williw_chain::send::{Candidate, Patience, SendError, Sought};
use williw_chain::verb::Call;
use williw_chain::wallet::Wallet;
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::outbox::{Pin, Purpose, REMEMBERED_BLOCKS, Sight, Trail};

/// How often a receipt is looked for.
const PERIOD: Duration = Duration::from_millis(100);

/// A transaction that is in a block and did what it was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) hash: Hash,
    pub(crate) block: Height,
}

/// A transaction that is about to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    pub(crate) nonce: u64,
    pub(crate) hash: Hash,
}

#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) faults: Faults,
}

#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(crate) struct Interrupted {
    pub(crate) done: Vec<Receipt>,
    pub(crate) faults: Faults,
    pub(crate) why: Box<Ended>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("nobody took it: {faults}")]
    NotTaken { faults: Faults },
    #[error("it failed in block {0}")]
    Failed(Height),
    #[error("no receipt of {hash} in time: {faults}")]
    NoReceipt { hash: Hash, nonce: u64, faults: Faults },
}

pub(crate) trait Sends {
    fn with_receipts_within(self, time: Duration) -> Self;

    async fn send(
        &mut self,
        wallet: &Wallet,
        calls: &[Call],
        tell: &mut (dyn FnMut(Outgoing) + Send),
    ) -> Result<Sent, Interrupted>;
}

impl Sends for Base {
    fn with_receipts_within(self, time: Duration) -> Self {
        self.with_patience(Patience { agree: time, period: PERIOD, ..Patience::USUAL })
    }

    async fn send(
        &mut self,
        wallet: &Wallet,
        calls: &[Call],
        tell: &mut (dyn FnMut(Outgoing) + Send),
    ) -> Result<Sent, Interrupted> {
        let (mut receipts, mut faults) = (Vec::new(), Faults::default());
        match send_all(self, wallet, calls, tell, &mut receipts, &mut faults).await {
            Ok(()) => Ok(Sent { receipts, faults }),
            Err(why) => {
                faults.add(self.faults_of_sending());
                Err(Interrupted { done: receipts, faults, why: Box::new(why) })
            }
        }
    }
}

async fn send_all(
    base: &mut Base,
    wallet: &Wallet,
    calls: &[Call],
    tell: &mut (dyn FnMut(Outgoing) + Send),
    receipts: &mut Vec<Receipt>,
    faults: &mut Faults,
) -> Result<(), Ended> {
    faults.add(base.rehearse(wallet.account(), calls).await?);
    for call in calls {
        let behind = receipts.last().map_or(Height(0), |receipt| receipt.block);
        let draft = base.draft(wallet.account(), call, behind).await?;
        faults.add(draft.faults);
        let signed = draft.value.sign(wallet).map_err(SendError::from)?;
        tell(Outgoing { nonce: signed.nonce, hash: signed.hash });
        let broadcast = base.broadcast(signed.hash, &signed.bytes).await;
        if broadcast.refused {
            return Err(Ended::NotTaken { faults: broadcast.faults });
        }
        faults.add(base.faults_of_sending());
        match receipt(base, wallet, signed.hash, signed.nonce, faults).await {
            // Only now does it matter who did not take it.
            Err(Ended::NoReceipt { hash, nonce, mut faults }) => {
                faults.add(broadcast.faults);
                return Err(Ended::NoReceipt { hash, nonce, faults });
            }
            found => receipts.push(found?),
        }
    }
    Ok(())
}

async fn receipt(
    base: &mut Base,
    wallet: &Wallet,
    hash: Hash,
    nonce: u64,
    faults: &mut Faults,
) -> Result<Receipt, Ended> {
    let attempts = [Candidate { hash, purpose: Purpose::Call }];
    let trail = Trail { pin: Pin::Nonce(nonce), attempts: 1, free_at: Height(0) };
    let sought = Sought { from: wallet.account(), nonce, trail, attempts: &attempts, remembered: REMEMBERED_BLOCKS };
    let deadline = Instant::now() + Duration::from_secs(4);
    loop {
        match base.look(sought).await {
            Ok(reading) => {
                faults.add(reading.faults);
                if let Sight::Included(inclusion) = reading.value {
                    let block = inclusion.place.height;
                    return if inclusion.succeeded { Ok(Receipt { hash, block }) } else { Err(Ended::Failed(block)) };
                }
            }
            Err(error) => faults.add_of(&error),
        }
        if Instant::now() > deadline {
            return Err(Ended::NoReceipt { hash, nonce, faults: faults.clone() });
        }
        sleep(PERIOD).await;
    }
}
