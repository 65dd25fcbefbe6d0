//! A million facts through the ledger, page by page, beside the hashes that they cannot do without.

use serde_json::Value;
use sha3::{Digest as _, Keccak256};
use williw_core::amount::Amount;
use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::fact::{Body, Fact};
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::ledger::Ledger;
use williw_core::sim::Rng;

use crate::clock::timed;
use crate::world::{MIN_STAKE, PAGE, Tip};
use crate::{row, row_above};

const PAGES: usize = 100;
const ATOMS: Amount = Amount(10);

/// An operator's balances, as the history so far has them.
struct Balance {
    account: Account,
    active: Amount,
    queued: Amount,
}

pub(crate) fn rows(ledger: &Ledger) -> Vec<Value> {
    let mut accounts: Vec<Balance> = ledger
        .operators()
        .iter()
        .map(|(owner, operator)| Balance { account: owner.account, active: operator.active, queued: operator.queued })
        .collect();
    let (mut rng, mut tip, mut ledger) = (Rng::new(1), Tip::of(ledger), ledger.clone());
    forget_peak();
    let (mut staged, mut committed, mut hashed) = (0.0, 0.0, 0.0);
    for _ in 0..PAGES {
        let before = tip.head();
        let facts = (0..PAGE).map(|_| next(&mut rng, &mut tip, &mut accounts)).collect();
        let page = tip.page(facts);
        let mut messages = Messages::of(&page.facts);
        let (took, change) = timed(|| ledger.stage(&page).expect("the page is true").expect("the page is new"));
        staged += took;
        committed += timed(|| ledger.commit(&change)).0;
        let (took, head) = timed(|| messages.chain(before));
        hashed += took;
        assert_eq!(head, tip.head(), "the bare chain hashes the same bytes");
    }
    let facts = (PAGES * PAGE) as f64;
    let mut rows = vec![
        row_above("fold: a million facts", facts / (staged + committed), "facts/s", facts / hashed),
        row("fold: of it staging", 100.0 * staged / (staged + committed), "%"),
    ];
    rows.extend(peak().map(|mebibytes| row("fold: peak memory", mebibytes, "MiB")));
    rows
}

/// Somebody stakes, unstakes or withdraws.
fn next(rng: &mut Rng, tip: &mut Tip, accounts: &mut [Balance]) -> Fact {
    let who = usize::try_from(rng.below(accounts.len() as u64)).expect("an index");
    let Balance { account, active, queued } = &mut accounts[who];
    let (account, time) = (*account, UnixSeconds(tip.through.time.0 + 1));
    let body = match rng.below(3) {
        0 if !queued.is_zero() => {
            let amount = std::mem::take(queued);
            Body::Withdrawn { account, queued: *queued, amount }
        }
        1 if active.0 >= MIN_STAKE.0 + ATOMS.0 => {
            (*active, *queued) = (Amount(active.0 - ATOMS.0), Amount(queued.0 + ATOMS.0));
            let maturity = time.plus(Seconds(7 * 24 * 60 * 60));
            Body::Unstaked { account, active: *active, queued: *queued, amount: ATOMS, maturity }
        }
        _ => {
            *active = Amount(active.0 + ATOMS.0);
            Body::Staked { account, active: *active }
        }
    };
    tip.mine(time);
    tip.record(body)
}

/// The bytes that the journal's hash chain runs over, each message with room for the head before it.
struct Messages {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Messages {
    fn of(facts: &[Fact]) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for fact in facts {
            bytes.extend([0; Hash::LEN]);
            bytes.extend(fact.seq.to_be_bytes());
            bytes.extend(fact.time.0.to_be_bytes());
            bytes.extend(fact.height.0.to_be_bytes());
            bytes.push(fact.body.kind().byte());
            bytes.extend(fact.body.encode());
            ends.push(bytes.len());
        }
        Self { bytes, ends }
    }

    fn chain(&mut self, mut head: Hash) -> Hash {
        let mut begin = 0;
        for end in &self.ends {
            let message = &mut self.bytes[begin..*end];
            message[..Hash::LEN].copy_from_slice(&head.0);
            head = Hash(Keccak256::digest(message).into());
            begin = *end;
        }
        head
    }
}

/// Lets the kernel begin anew with the highest memory of this process. Where it cannot, the peak is that of all before.
fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// The most memory that this process ever held, in MiB; none where the kernel does not say.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}
