use williw_core::amount::Amount;
use williw_core::cycle::UnixSeconds;
use williw_core::fact::Body;
use williw_core::identity::ChainId;

use super::*;

fn listed(slot: u64) -> Listed {
    Listed { signature: "signature".to_owned(), slot, err: None }
}

fn facts(slot: u64, count: usize) -> Arc<[Fact]> {
    let body = Body::Staked { account: Account([4; 32]), active: Amount(5) };
    let (chain, journal) = (ChainId::Solana, Account([6; 32]));
    vec![Fact { chain, journal, seq: 1, time: UnixSeconds(1), height: Height(slot), body }; count].into()
}

#[test]
fn what_is_remembered_is_counted_in_facts_and_the_oldest_goes_first() {
    let transactions = Transactions::default();
    let kept = |slot| transactions.get(&listed(slot)).map(|facts| facts.len());
    // One that is replaced counts once, and one without facts counts as well.
    for _ in 0..3 {
        transactions.keep(&listed(10), &facts(10, REMEMBERED / 2 - 1));
    }
    transactions.keep(&listed(11), &facts(11, REMEMBERED / 2 - 2));
    transactions.keep(&listed(12), &facts(12, 0));
    assert_eq!((kept(10), kept(11), kept(12)), (Some(REMEMBERED / 2 - 1), Some(REMEMBERED / 2 - 2), Some(0)));
    transactions.keep(&listed(u64::MAX), &facts(u64::MAX, 0));
    assert_eq!((kept(10), kept(11), kept(12)), (None, Some(REMEMBERED / 2 - 2), Some(0)));
    // What is forgotten makes room.
    transactions.forget_before(Height(12));
    transactions.keep(&listed(13), &facts(13, REMEMBERED - 3));
    assert_eq!((kept(11), kept(12), kept(13), kept(u64::MAX)), (None, Some(0), Some(REMEMBERED - 3), Some(0)));
    transactions.forget_after(Height(12));
    transactions.keep(&listed(14), &facts(14, REMEMBERED - 2));
    assert_eq!((kept(12), kept(13), kept(14)), (Some(0), None, Some(REMEMBERED - 2)));
    transactions.keep(&listed(15), &facts(15, REMEMBERED));
    assert_eq!((kept(12), kept(14), kept(15)), (None, None, None), "one that is too long for all is not kept either");
}
