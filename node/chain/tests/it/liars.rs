//! Every lie has a name, costs nobody but its teller, and gets into no page.

use serde_json::{Value, json};
use williw_chain::base::{ChainError, EndpointFault, LogFault, Outage};
use williw_core::amount::Amount;
use williw_core::census::{Census, Checkpoint, Input, Output};
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::fact::Body;
use williw_core::identity::ChainId;
use williw_core::ledger::Page;
use williw_core::standing::Standing;

use alloy::primitives::{B256, Bytes, U256, keccak256};
use alloy::sol_types::SolValue;

use crate::follower::{Follower, fault_of, now};
use crate::proxy::{Lie, Proxy};
use crate::world::{TOKEN, World, account};

/// A log that says that somebody registered a fortune.
fn invented(world: &World, seq: u64, who: usize) -> Value {
    let (link, _) = world.link(who, 1);
    let owner = account(world.people[who]);
    let body = Body::Registered { account: owner, index: 0, active: Amount(1_000_000 * TOKEN), link }.encode();
    json!({
        "address": world.vault,
        "topics": [
            keccak256("Recorded(uint64,uint8,address,bytes)"),
            B256::from(U256::from(seq)),
            B256::with_last_byte(1),
            B256::from(owner.0),
        ],
        "data": Bytes::from(Bytes::from(body).abi_encode()),
        "blockNumber": "0x1",
        "blockHash": B256::repeat_byte(1),
        "blockTimestamp": format!("{:#x}", now().0),
        "transactionHash": B256::repeat_byte(2),
        "transactionIndex": "0x0",
        "logIndex": "0x99",
        "removed": false,
    })
}

/// What a reader with this liar in front of two honest endpoints gets, and how the liar is called.
async fn believed(world: &World, lie: Lie) -> (Page, Option<EndpointFault>, bool) {
    let liar = Proxy::before(&world.anvil.url, lie).await;
    let mut follower = Follower::new(world, world.base(&[&liar.url, &world.anvil.url, &world.twin()]));
    let (page, faults) = follower.read(account(world.vault)).await.unwrap();
    for honest in [2, 3] {
        assert_eq!(fault_of(&faults, honest), None);
    }
    let page = page.expect("the honest ones have a page");
    follower.ledger.stage(&page).unwrap().expect("the ledger takes it");
    (page, fault_of(&faults, 1).cloned(), follower.base.endpoints()[0].proven)
}

#[tokio::test]
async fn every_lie_is_named_and_none_is_believed() {
    let world = World::new().await;
    world.register(1, 2_000).await;
    world.stake(1, 100).await;
    world.finalize().await;
    let (truth, none, proven) = believed(&world, Lie::Nothing).await;
    assert_eq!((truth.facts.len(), none, proven), (3, None, true));
    let height = truth.through.height;
    let last = truth.facts[2].height;

    let cases = [
        (Lie::InventLog(invented(&world, 4, 5)), EndpointFault::InventsFacts { seq: 4, height }),
        (Lie::InventLog(invented(&world, 2, 5)), EndpointFault::InventsFacts { seq: 2, height }),
        (Lie::HideLastLog, EndpointFault::HidesFacts { missing: 3 }),
        (Lie::SwapLogs, EndpointFault::BadLog { height: truth.facts[1].height, why: LogFault::OutOfOrder }),
        (Lie::AlterBody, EndpointFault::BadJournal { through: last }),
        (Lie::Redate, EndpointFault::BadJournal { through: last }),
        (Lie::AlterTopic, EndpointFault::BadLog { height: last, why: LogFault::OtherAccount }),
        (Lie::OtherChain, EndpointFault::WrongChain { found: 1 }),
        (Lie::OtherNetwork, EndpointFault::WrongNetwork { found: williw_core::network::NetworkId([0x77; 32]) }),
        (Lie::BendProofs, EndpointFault::BadProof { height }),
        (Lie::EmptyStorage, EndpointFault::BadProof { height }),
        (Lie::ForgeStorage, EndpointFault::ForgedStorage { height }),
        (Lie::Pad("eth_getBlockByNumber"), EndpointFault::TooLong("eth_getBlockByNumber")),
        (Lie::GarbleProofs, EndpointFault::Undecodable("eth_getProof")),
        (Lie::Pad("eth_getProof"), EndpointFault::TooLong("eth_getProof")),
        (Lie::Pad("eth_chainId"), EndpointFault::TooLong("eth_chainId")),
        (Lie::TooOften, EndpointFault::Unreachable(Outage::Status(429))),
        (Lie::Gibberish, EndpointFault::Undecodable("eth_chainId")),
        (Lie::Silence, EndpointFault::Slow),
    ];
    for (lie, fault) in cases {
        let (page, found, proven) = believed(&world, lie.clone()).await;
        assert_eq!(page, truth, "{lie:?}");
        assert_eq!(found, Some(fault), "{lie:?}");
        if matches!(lie, Lie::BendProofs | Lie::ForgeStorage) {
            assert!(!proven, "{lie:?}");
        }
    }
    let (page, found, proven) = believed(&world, Lie::Pad("eth_getLogs")).await;
    assert!(page == truth && found.is_none() && proven, "many logs are no fault: {found:?}");
    let (page, found, _) = believed(&world, Lie::ForgeHeader).await;
    assert!(page == truth && matches!(found, Some(EndpointFault::ForgedHeader { .. })), "{found:?}");
    let (page, found, _) = believed(&world, Lie::Fork).await;
    assert!(page == truth && matches!(found, Some(EndpointFault::OtherBlock { height: at, .. }) if at == height));
    let (page, found, proven) = believed(&world, Lie::RefuseProofs).await;
    assert!(page == truth && found.is_none() && !proven, "{found:?}");
}

#[tokio::test]
async fn a_node_with_two_endpoints_admits_nobody_whom_one_of_them_invents() {
    let world = World::new().await;
    let liar = Proxy::before(&world.anvil.url, Lie::InventLog(invented(&world, 3, 5))).await;
    let mut base = world.base(&[&liar.url, &world.anvil.url]);
    world.register(1, 2_000).await;
    world.finalize().await;

    let ledger = Follower::new(&world, world.base(&[&world.anvil.url])).ledger;
    let (reputation, evidence) = Default::default();
    let mut census = Census::restore(Checkpoint { ledger, reputation, evidence }).unwrap();
    // Anvil makes blocks faster than clocks run.
    let clock = UnixSeconds(now().0 + 200);
    let books = *census.ledger().chain(ChainId::Base).unwrap();
    let head = census.ledger().head(ChainId::Base, account(world.vault));
    let reading = base.page(&books, head).await.unwrap();
    let fault = fault_of(&reading.faults, 1).unwrap();
    assert!(matches!(fault, EndpointFault::InventsFacts { seq: 3, .. }) && fault.is_lie(), "{fault}");
    assert_eq!(base.endpoints()[0].fault.as_ref(), Some(fault));

    let mut orders = census.handle(Input::Finalized(reading.value.unwrap()), clock);
    let after = census.ledger().chain(ChainId::Base).unwrap().through.height;
    orders.extend(census.handle(Input::Pending(base.tail(after).await.unwrap().value), clock));
    let admitted: Vec<_> = orders.iter().filter(|order| matches!(order, Output::Admit(_))).collect();
    assert_eq!(admitted, [&Output::Admit(world.peer(1).id())], "{orders:?}");
    assert!(!census.roster().standing(world.peer(5).id()).is_member());
    assert_eq!(census.roster().standing(world.peer(1).id()), Standing::Member);
    assert_eq!(census.ledger().operator(world.owner(5)), None);
}

#[tokio::test]
async fn a_lonely_liar_gets_no_page() {
    let world = World::new().await;
    world.register(1, 2_000).await;
    world.finalize().await;
    for lie in [Lie::InventLog(invented(&world, 3, 5)), Lie::HideLastLog, Lie::Redate] {
        let liar = Proxy::before(&world.anvil.url, lie.clone()).await;
        let mut follower = Follower::new(&world, world.base(&[&liar.url]));
        let error = follower.read(account(world.vault)).await.unwrap_err();
        let ChainError::Disbelieved { faults } = &error else { panic!("{lie:?}: {error}") };
        assert!(fault_of(faults, 1).unwrap().is_lie(), "{lie:?}");
        assert!(!error.to_string().contains("a-secret-key"), "{error}");

        // It is heard again when it tells the truth.
        liar.tell(Lie::Nothing);
        let (change, faults) = follower.follow(&world).await;
        assert_eq!((change.facts.len(), faults.0.len()), (2, 0), "{lie:?}");
    }
}

#[tokio::test]
async fn a_proof_whose_path_never_ends_is_a_bad_proof() {
    let world = World::new().await;
    let liar = Proxy::before(&world.anvil.url, Lie::EndlessPath).await;
    let mut follower = Follower::new(&world, world.base(&[&liar.url]));
    world.finalize().await;
    let error = follower.read(account(world.vault)).await.unwrap_err();
    let ChainError::NoQuorum { faults, .. } = &error else { panic!("{error}") };
    assert!(matches!(fault_of(faults, 1), Some(EndpointFault::BadProof { .. })), "{error}");
}

#[tokio::test]
async fn an_invention_where_nothing_is_new_costs_only_its_name() {
    let world = World::new().await;
    let liar = Proxy::before(&world.anvil.url, Lie::Nothing).await;
    let mut follower = Follower::new(&world, world.base(&[&liar.url]));
    world.finalize().await;
    follower.follow(&world).await;
    liar.tell(Lie::InventLog(invented(&world, 2, 5)));
    world.anvil.mine(1).await;
    let (change, faults) = follower.follow(&world).await;
    assert_eq!(change.facts, []);
    assert!(matches!(fault_of(&faults, 1), Some(EndpointFault::InventsFacts { seq: 2, .. })));
}

#[tokio::test]
async fn two_that_disagree_about_the_final_head_are_both_named() {
    let world = World::new().await;
    let forked = Proxy::before(&world.anvil.url, Lie::Fork).await;
    let mut follower = Follower::new(&world, world.base(&[&forked.url, &world.anvil.url]));
    world.finalize().await;
    let error = follower.read(account(world.vault)).await.unwrap_err();
    let ChainError::NoQuorum { faults, quorum: 2, .. } = &error else { panic!("{error}") };
    for position in [1, 2] {
        assert!(matches!(fault_of(faults, position), Some(EndpointFault::OtherBlock { .. })), "{error}");
    }
}

#[tokio::test]
async fn an_endpoint_is_vetted_again_after_it_was_away() {
    let world = World::new().await;
    let proxy = Proxy::before(&world.anvil.url, Lie::Nothing).await;
    let mut follower = Follower::new(&world, world.base(&[&proxy.url, &world.anvil.url, &world.twin()]));
    world.finalize().await;
    follower.follow(&world).await;
    for lie in [Lie::Silence, Lie::OtherChain, Lie::Nothing] {
        proxy.tell(lie.clone());
        world.anvil.mine(1).await;
        let (_, faults) = follower.follow(&world).await;
        match lie {
            Lie::Silence => assert_eq!(fault_of(&faults, 1), Some(&EndpointFault::Slow)),
            Lie::OtherChain => assert_eq!(fault_of(&faults, 1), Some(&EndpointFault::WrongChain { found: 1 })),
            _ => assert_eq!(fault_of(&faults, 1), None),
        }
    }
}

#[tokio::test]
async fn no_message_holds_the_key_in_an_address() {
    let world = World::new().await;
    let proxy = Proxy::before(&world.anvil.url, Lie::RefuseProofs).await;
    let settings = world.settings(&[&proxy.url]);
    let mut base = world.base(&[&proxy.url]);
    world.finalize().await;
    let follower = Follower::new(&world, world.base(&[&world.anvil.url]));
    let books = follower.ledger.chain(ChainId::Base).unwrap();
    base.page(books, follower.ledger.head(ChainId::Base, account(world.vault))).await.unwrap();
    base.tail(Height(0)).await.unwrap();
    let said = format!("{settings:?} {base:?} {:?}", base.endpoints());
    assert!(said.contains("127.0.0.1") && !said.contains("a-secret-key"), "{said}");
}

#[tokio::test]
async fn an_address_without_a_vault_is_named() {
    let world = World::new().await;
    let mut settings = world.settings(&[&world.anvil.url]);
    settings.vault = [0x11; 20];
    let error = williw_chain::base::Base::new(&settings).unwrap().deployment().await.unwrap_err();
    let ChainError::NoQuorum { faults, .. } = &error else { panic!("{error}") };
    assert_eq!(fault_of(faults, 1), Some(&EndpointFault::NoVault));
}
