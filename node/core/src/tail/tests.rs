use super::*;
use crate::fact::Body;

const OWNER: Account = Account([1; 32]);

fn at(height: u64, time: u64) -> Point {
    Point { height: Height(height), time: UnixSeconds(time) }
}

/// An unstake in this block that two endpoints showed.
fn unstake(height: u64) -> Rumour {
    let (active, queued, amount) = (Amount(0), Amount(5), Amount(5));
    let body = Body::Unstaked { account: OWNER, active, queued, amount, maturity: UnixSeconds(9) };
    let (chain, journal, height) = (ChainId::Base, Account([2; 32]), Height(height));
    Rumour { fact: Fact { chain, journal, seq: u64::MAX, time: UnixSeconds(0), height, body }, witnesses: Witnesses(3) }
}

/// Heard far above everything while the cursor was astray; it would count until the chain comes there.
#[test]
fn nothing_stays_where_no_tail_comes_soon() {
    let tail = Tail { chain: ChainId::Base, after: Height(100), head: at(120, 1_000), rumours: Vec::new() };
    let leaves =
        |height: u64, now: u64| tail.leaves(&unstake(height), &BTreeMap::new(), (at(100, 1_000), UnixSeconds(now)));
    assert!(!leaves(120, 1_000), "the tail came there and does not have it");
    assert!(leaves(121, 1_000));
    // A thousand blocks, and ten for every second since the cursor and those that a clock may be off.
    assert!(leaves(100 + 1_000 + 10 * 300, 1_000));
    assert!(!leaves(100 + 1_001 + 10 * 300, 1_000));
    assert!(leaves(100 + 1_000 + 10 * 360, 1_060));
    assert!(!leaves(100 + 1_001 + 10 * 360, 1_060));
    assert!(!leaves(u64::MAX, 1_000));
}
