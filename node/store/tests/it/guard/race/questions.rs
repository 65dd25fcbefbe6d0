//! What is asked: for every key one of several things that contradict each other.

use williw_core::cycle::Cycle;
use williw_core::guard::digest_of;
use williw_core::sim::Rng;
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{Kind, Statement};
use williw_store::guard::Asked;

pub(crate) const SIGNERS: u64 = 5;
const POSITIONS: u64 = 1_000;
/// How many keys there are in all.
pub(crate) const RANKS: u64 = SIGNERS * Kind::ALL.len() as u64 * POSITIONS;
/// How many things are asked for under each.
pub(crate) const VARIANTS: u64 = 4;
/// So many of the latest keys get half of the requests.
const LATEST: u64 = 32;
/// So many keys come into play at once, so that not every batch waits for the disk.
const STEP: u64 = 20;

pub(crate) fn key(nth: u64) -> SignerKey {
    SignerKey::named(&format!("racing {nth}"))
}

/// What is asked for under the key of this rank. The last variant of an update is no offence beside the first: it is the
/// same in another cycle. It is a second signature all the same.
pub(crate) fn question(rank: u64, variant: u64) -> Asked {
    let kinds = Kind::ALL.len() as u64;
    let kind = Kind::ALL[usize::try_from(rank / SIGNERS % kinds).unwrap()];
    let position = rank / (SIGNERS * kinds);
    let slotted = matches!(kind, Kind::Update | Kind::Checkpoint);
    let twin = slotted && variant + 1 == VARIANTS;
    let bytes = format!("what is behind {rank}, number {}", if twin { 0 } else { variant }).into_bytes();
    let (cycle, slot) = if slotted { (7 + u64::from(twin), position) } else { (position, 0) };
    let statement = Statement::new(kind, Cycle(cycle), slot, digest_of(kind, &bytes)).unwrap();
    Asked { signer: ADDRESSES.with(|addresses| addresses[usize::try_from(rank % SIGNERS).unwrap()]), statement, bytes }
}

thread_local! {
    /// An address takes longer to compute than anything else of a question.
    static ADDRESSES: Vec<williw_core::identity::Signer> = (0..SIGNERS).map(|nth| key(nth).address()).collect();
}

/// A question under one of the first `frontier` keys.
pub(crate) fn any(rng: &mut Rng, frontier: u64) -> Asked {
    let least = if rng.chance(50) { frontier.saturating_sub(LATEST) } else { 0 };
    question(rng.within(least, frontier - 1), rng.below(VARIANTS))
}

/// How many keys are in play after so many of all the requests: new ones appear to the end.
pub(crate) fn frontier(asked: u64, requests: u64) -> u64 {
    (LATEST + asked.saturating_mul(RANKS) / requests).next_multiple_of(STEP).min(RANKS)
}
