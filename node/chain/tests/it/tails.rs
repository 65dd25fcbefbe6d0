//! What is pending: seen at once, by whom, and gone when the chain takes it back.

use std::time::Instant;

use serde_json::json;
use williw_chain::base::{ChainError, EndpointFault, GRACE, HEAD_START, RANGE_BLOCKS, TIP_LAG_BLOCKS, TIP_WALK_BLOCKS};
use williw_core::cycle::Height;
use williw_core::fact::BodyKind;
use williw_core::tail::{Rumour, Tail};

use crate::follower::{Follower, fault_of};
use crate::proxy::{Lie, Proxy};
use crate::world::World;

fn told(tail: &Tail, kind: BodyKind) -> Vec<&Rumour> {
    tail.rumours.iter().filter(|rumour| rumour.fact.body.kind() == kind).collect()
}

#[tokio::test]
async fn an_unstake_is_pending_at_once_and_gone_after_a_reorganisation() {
    let world = World::new().await;
    let mut base = world.base(&[&world.anvil.url, &world.twin()]);
    world.register(1, 2_000).await;
    world.finalize().await;
    let after = Height(world.anvil.height().await - 8);
    assert_eq!(base.tail(after).await.unwrap().value.rumours, []);

    world.unstake(1, 1_500).await;
    let tail = base.tail(after).await.unwrap().value;
    let unstakes = told(&tail, BodyKind::Unstaked);
    assert_eq!((unstakes.len(), unstakes[0].witnesses.count()), (1, 2));
    assert_eq!(tail.head.height, Height(world.anvil.height().await));

    world.anvil.reorg(1).await;
    assert_eq!(base.tail(after).await.unwrap().value.rumours, []);
}

#[tokio::test]
async fn what_one_endpoint_shows_has_one_witness() {
    let world = World::new().await;
    let altering = Proxy::before(&world.anvil.url, Lie::AlterBody).await;
    let hiding = Proxy::before(&world.anvil.url, Lie::HideLastLog).await;
    let mut base = world.base(&[&altering.url, &world.anvil.url, &hiding.url]);
    world.register(1, 2_000).await;
    world.stake(1, 100).await;
    let tail = base.tail(Height(0)).await.unwrap().value;
    assert_eq!(told(&tail, BodyKind::Registered)[0].witnesses.0, 0b111);
    let mut stakes: Vec<u8> = told(&tail, BodyKind::Staked).iter().map(|rumour| rumour.witnesses.0).collect();
    stakes.sort_unstable();
    assert_eq!(stakes, [0b001, 0b010]);
}

#[tokio::test]
async fn whoever_shows_other_facts_at_the_same_tip_is_named_and_heard() {
    let world = World::new().await;
    world.register(1, 2_000).await;
    world.stake(1, 100).await;
    let last = Height(world.anvil.height().await);
    for (lie, fault) in [
        (Lie::HideLastLog, EndpointFault::HidesFacts { missing: 3 }),
        (Lie::AlterBody, EndpointFault::InventsFacts { seq: 3, height: last }),
        (Lie::Redate, EndpointFault::InventsFacts { seq: 3, height: last }),
    ] {
        let liar = Proxy::before(&world.anvil.url, lie.clone()).await;
        let mut base = world.base(&[&liar.url, &world.anvil.url, &world.twin()]);
        let reading = base.tail(Height(0)).await.unwrap();
        assert_eq!(reading.faults.0.len(), 1, "{}", reading.faults);
        assert_eq!(fault_of(&reading.faults, 1), Some(&fault), "{lie:?}");
        assert_eq!(told(&reading.value, BodyKind::Registered)[0].witnesses.0, 0b111);
        assert!(told(&reading.value, BodyKind::Staked).iter().any(|rumour| rumour.witnesses.0 == 0b110));
        let fault = base.endpoints()[0].fault.clone();
        assert!(fault.is_some_and(|fault| fault.is_lie()), "{lie:?}");
    }
}

#[tokio::test]
async fn nonsense_of_one_hides_nothing_of_another() {
    let world = World::new().await;
    let log = json!({
        "address": world.vault, "topics": [], "data": "0x", "blockNumber": "0x1", "logIndex": "0x99",
        "transactionHash": null, "transactionIndex": null, "blockHash": null, "removed": false,
    });
    let babbling = Proxy::before(&world.anvil.url, Lie::InventLog(log)).await;
    let mut base = world.base(&[&babbling.url, &world.anvil.url, &world.twin()]);
    world.register(1, 2_000).await;
    world.unstake(1, 1_500).await;
    let reading = base.tail(Height(0)).await.unwrap();
    assert!(matches!(fault_of(&reading.faults, 1), Some(EndpointFault::BadLog { .. })), "{}", reading.faults);
    assert_eq!(told(&reading.value, BodyKind::Unstaked)[0].witnesses.0, 0b110);
}

#[tokio::test]
async fn a_tail_that_a_quorum_does_not_give_is_no_tail() {
    let world = World::new().await;
    let quiet = Proxy::before(&world.anvil.url, Lie::NarrowRanges(0)).await;
    let mut base = world.base(&[&quiet.url, &world.anvil.url]);
    let error = base.tail(Height(0)).await.unwrap_err();
    let ChainError::NoQuorum { what: "the unfinal tail", faults, .. } = &error else { panic!("{error}") };
    assert!(matches!(fault_of(faults, 1), Some(EndpointFault::Refused { method: "eth_getLogs", .. })), "{error}");
    assert!(!error.to_string().contains("a-secret-key") && !error.to_string().contains('\x1b'), "{error}");

    quiet.tell(Lie::Nothing);
    assert!(base.tail(Height(0)).await.is_ok());
}

/// What two endpoints agree on ends where the lower one does, and one that stands still must not make that the chain's end.
#[tokio::test]
async fn one_of_two_that_stands_still_is_no_quorum_with_the_other() {
    let world = World::new().await;
    world.anvil.mine(20).await;
    let stuck = Proxy::before(&world.anvil.url, Lie::StuckAt(world.anvil.height().await)).await;
    let mut base = world.base(&[&stuck.url, &world.anvil.url]);
    world.anvil.mine(TIP_LAG_BLOCKS).await;
    assert!(base.tail(Height(0)).await.is_ok());
    world.anvil.mine(1).await;
    let error = base.tail(Height(0)).await.unwrap_err();
    assert!(matches!(error, ChainError::NoQuorum { what: "how far the chain goes", .. }), "{error}");
    // With a third, two are near each other.
    let mut base = world.base(&[&stuck.url, &world.anvil.url, &world.twin()]);
    assert!(base.tail(Height(0)).await.is_ok());
}

#[tokio::test]
async fn whoever_is_behind_completes_no_tail() {
    let world = World::new().await;
    world.anvil.mine(20).await;
    let behind = Proxy::before(&world.anvil.url, Lie::StuckAt(world.anvil.height().await - 1)).await;
    let quiet = Proxy::before(&world.anvil.url, Lie::NarrowRanges(0)).await;
    let mut base = world.base(&[&behind.url, &quiet.url, &world.anvil.url]);
    let error = base.tail(Height(0)).await.unwrap_err();
    let ChainError::NoQuorum { what: "the unfinal tail", faults, .. } = &error else { panic!("{error}") };
    assert_eq!(fault_of(faults, 1), None);

    behind.tell(Lie::Nothing);
    assert!(base.tail(Height(0)).await.is_ok());
}

#[tokio::test]
async fn a_whole_history_is_no_tail() {
    let world = World::new().await;
    let old = Proxy::before(&world.anvil.url, Lie::TallFork(1_000_000)).await;
    let mut base = world.base(&[&old.url]);
    let error = base.tail(Height(0)).await.unwrap_err();
    assert!(matches!(error, ChainError::Unfolded { blocks } if blocks > RANGE_BLOCKS), "{error}");
    old.tell(Lie::Nothing);
    base.tail(Height(0)).await.unwrap();
}

#[tokio::test]
async fn a_fork_of_one_is_named_and_still_heard() {
    let world = World::new().await;
    let forked = Proxy::before(&world.anvil.url, Lie::Fork).await;
    let mut base = world.base(&[&forked.url, &world.anvil.url, &world.twin()]);
    world.register(1, 2_000).await;
    let reading = base.tail(Height(0)).await.unwrap();
    assert!(matches!(fault_of(&reading.faults, 1), Some(EndpointFault::OtherBlock { .. })), "{}", reading.faults);
    assert_eq!(told(&reading.value, BodyKind::Registered)[0].witnesses.0, 0b111);
}

#[tokio::test]
async fn whoever_lags_is_named_and_does_not_hold_the_tip_back() {
    let world = World::new().await;
    let stuck = Proxy::before(&world.anvil.url, Lie::StuckAt(world.anvil.height().await)).await;
    let mut base = world.base(&[&stuck.url, &world.anvil.url, &world.twin()]);
    world.register(1, 2_000).await;
    world.anvil.mine(30).await;
    let reading = base.tail(Height(0)).await.unwrap();
    let fault = fault_of(&reading.faults, 1).unwrap();
    assert!(matches!(fault, EndpointFault::Lagging { behind: 31, .. }) && !fault.is_lie(), "{fault}");
    assert_eq!(reading.value.head.height, Height(world.anvil.height().await));
    assert_eq!(told(&reading.value, BodyKind::Registered)[0].witnesses.0, 0b110);
}

#[tokio::test]
async fn a_tall_fork_does_not_part_honest_tips() {
    let world = World::new().await;
    world.register(1, 2_000).await;
    world.anvil.mine(TIP_WALK_BLOCKS + 9).await;
    let top = world.anvil.height().await;
    let low = top - TIP_WALK_BLOCKS - 5;
    let tall = Proxy::before(&world.anvil.url, Lie::TallFork(1_000_000)).await;
    let behind = Proxy::before(&world.anvil.url, Lie::StuckAt(low)).await;
    let mut base = world.base(&[&tall.url, &world.anvil.url, &behind.url]);
    let reading = base.tail(Height(0)).await.unwrap();
    assert_eq!(reading.value.head.height, Height(low));
    assert_eq!(told(&reading.value, BodyKind::Registered)[0].witnesses.0, 0b111);
    let fault = fault_of(&reading.faults, 1);
    assert!(matches!(fault, Some(EndpointFault::OtherBlock { height: Height(at), .. }) if *at == low), "{fault:?}");
    assert_eq!((fault_of(&reading.faults, 2), fault_of(&reading.faults, 3)), (None, None));
}

#[tokio::test]
async fn one_that_drips_holds_up_neither_a_tail_nor_a_page() {
    let world = World::new().await;
    let dripping = Proxy::before(&world.anvil.url, Lie::DripLogs).await;
    let mut follower = Follower::new(&world, world.base(&[&dripping.url, &world.anvil.url, &world.twin()]));
    world.register(1, 2_000).await;
    world.anvil.mine(60).await;
    world.unstake(1, 1_500).await;

    let begun = Instant::now();
    let reading = follower.base.tail(Height(0)).await.unwrap();
    assert_eq!(fault_of(&reading.faults, 1), Some(&EndpointFault::Slow), "{}", reading.faults);
    assert_eq!(told(&reading.value, BodyKind::Unstaked)[0].witnesses.0, 0b110);
    let (change, faults) = follower.follow(&world).await;
    assert_eq!((change.facts.len(), fault_of(&faults, 1)), (2, Some(&EndpointFault::Slow)));
    assert!(!EndpointFault::Slow.is_lie());
    assert!(begun.elapsed() < HEAD_START + GRACE * 4, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_black_hole_is_named_but_soon_not_asked_with_every_reading() {
    let world = World::new().await;
    let silent = Proxy::before(&world.anvil.url, Lie::Silence).await;
    let mut base = world.base(&[&silent.url, &world.anvil.url, &world.twin()]);
    let mut requests = Vec::new();
    for _ in 0..4 {
        let begun = Instant::now();
        let reading = base.tail(Height(0)).await.unwrap();
        assert!(begun.elapsed() < GRACE * 3, "{:?}", begun.elapsed());
        assert_eq!(fault_of(&reading.faults, 1), Some(&EndpointFault::Slow));
        requests.push(base.endpoints()[0].requests);
    }
    assert_eq!(requests, [1, 2, 2, 2]);
}

#[tokio::test]
async fn everybody_is_waited_for_where_a_quorum_is_missing() {
    let world = World::new().await;
    let late = Proxy::before(&world.anvil.url, Lie::Silence).await;
    let other = Proxy::before(&world.anvil.url, Lie::Nothing).await;
    let mut base = world.base(&[&late.url, &other.url, &world.anvil.url]);
    base.tail(Height(0)).await.unwrap();
    base.tail(Height(0)).await.unwrap();
    // Now the first one is left alone for a while, and the second one dissents.
    late.tell(Lie::Nothing);
    other.tell(Lie::Fork);
    base.tail(Height(0)).await.unwrap_err();
    let reading = base.tail(Height(0)).await.unwrap();
    assert_eq!(fault_of(&reading.faults, 1), None);
    assert!(matches!(fault_of(&reading.faults, 2), Some(EndpointFault::OtherBlock { .. })));
}
