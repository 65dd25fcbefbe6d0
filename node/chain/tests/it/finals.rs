//! Final facts: what is in a page, when, and with how little help from endpoints.

use williw_chain::base::{Base, ChainError, EndpointFault, REACH_BLOCKS, SIGHTING_BLOCKS};
use williw_chain::verb::Verb;
use williw_core::amount::Amount;
use williw_core::cycle::{Cycle, Height, Seconds, UnixSeconds};
use williw_core::fact::BodyKind;
use williw_core::identity::ChainId;

use crate::follower::{Follower, fault_of};
use crate::proxy::{Lie, Proxy};
use crate::world::{TOKEN, World, account};

fn kinds(facts: &[williw_core::fact::Fact]) -> Vec<BodyKind> {
    facts.iter().map(|fact| fact.body.kind()).collect()
}

#[tokio::test]
async fn a_deployment_is_read_as_it_was_made() {
    let world = World::new().await;
    let read = world.base(&[&world.anvil.url, &world.twin()]).deployment().await.unwrap();
    assert!(read.faults.0.is_empty(), "{}", read.faults);
    let deployment = read.value;
    assert_eq!((deployment.network, deployment.clock), (world.network, world.clock));
    assert_eq!(deployment.clock.genesis(), UnixSeconds(1_700_000_000));
    assert_eq!(deployment.token, account(world.token));
    assert_eq!(deployment.parameters.min_stake, Amount(1_000 * TOKEN));
    assert_eq!(deployment.parameters.unstaking_period, Seconds(840));
    assert_eq!(deployment.parameters.slash.get(), 500);
}

#[tokio::test]
async fn only_what_never_changes_of_a_deployment_is_held_against_anybody_and_not_for_ever() {
    let world = World::new().await;
    let other = Proxy::before(&world.anvil.url, Lie::OtherParameters).await;
    let mut base = world.base(&[&other.url, &world.anvil.url, &world.twin()]);
    let read = base.deployment().await.unwrap();
    assert!(read.faults.0.is_empty(), "{}", read.faults);
    assert_eq!(read.value.parameters.min_stake, Amount(1_000 * TOKEN));

    other.tell(Lie::OtherGenesis);
    let read = base.deployment().await.unwrap();
    assert_eq!(fault_of(&read.faults, 1), Some(&EndpointFault::Contradicts("the vault's numbers")));
    assert!(base.endpoints()[0].fault.is_some());
    base.tail(Height(0)).await.unwrap();
    assert_eq!(base.endpoints()[0].fault, None, "nobody looks the deployment up again");
}

#[tokio::test]
async fn the_ledger_takes_what_the_vault_records() {
    let world = World::new().await;
    let mut follower = Follower::new(&world, world.base(&[&world.anvil.url]));
    world.register(1, 2_000).await;
    world.register(2, 3_000).await;
    world.stake(1, 500).await;
    world.unstake(1, 700).await;
    world.act(1, &Verb::Restake { ticket: 0 }).await;
    world.unstake(2, 100).await;
    let evidence = world.evidence(2, world.cycle().await);
    let beneficiary = account(world.people[3]);
    world.act(3, &Verb::Slash { evidence: Box::new(evidence), beneficiary }).await;
    world.finalize().await;

    let (change, faults) = follower.follow(&world).await;
    assert!(faults.0.is_empty(), "{faults}");
    use BodyKind::{Registered, Restaked, Slashed, Staked, Unstaked, VaultParameters};
    let expected = [VaultParameters, Registered, Registered, Staked, Unstaked, Restaked, Unstaked, Slashed];
    assert_eq!(kinds(&change.facts), expected);

    let owners = [world.owner(1), world.owner(2)];
    let operators = owners.map(|owner| follower.ledger.operator(owner).unwrap());
    assert_eq!(operators[0].active, Amount(2_500 * TOKEN));
    assert_eq!(operators[1].active, Amount(2_755 * TOKEN)); // 2,900 less five hundredths
    assert_eq!(operators[0].link.unwrap().peer(), world.peer(1).id());
    assert!(operators[1].jailed.is_some());

    // The contract's own numbers are the same.
    let accounts = [owners[0].account, owners[1].account, account(world.people[7])];
    let snapshots = follower.base.snapshot(&accounts).await.unwrap().value;
    for (operator, snapshot) in operators.iter().zip(&snapshots) {
        let shown = snapshot.operator.as_ref().unwrap();
        assert_eq!((shown.index, shown.nonce), (operator.index, operator.nonce));
        assert_eq!((shown.active, shown.queued, shown.signer), (operator.active, operator.queued, operator.signer));
        assert_eq!(shown.jailed_until.is_some(), operator.jailed.is_some());
    }
    assert_eq!(snapshots[1].operator.as_ref().unwrap().queue[0].amount, Amount(95 * TOKEN));
    assert_eq!(snapshots[2].operator, None);
}

#[tokio::test]
async fn what_is_not_final_is_in_no_page() {
    let world = World::new().await;
    let mut follower = Follower::new(&world, world.base(&[&world.anvil.url, &world.twin()]));
    world.finalize().await;
    let (change, _) = follower.follow(&world).await;
    assert_eq!(kinds(&change.facts), [BodyKind::VaultParameters]);

    world.register(1, 2_000).await;
    world.anvil.mine(7).await;
    let (change, _) = follower.follow(&world).await;
    assert_eq!(kinds(&change.facts), []);
    assert_eq!(change.books.through.height, Height(world.anvil.height().await - 8));

    world.anvil.mine(1).await;
    let (change, _) = follower.follow(&world).await;
    assert_eq!(kinds(&change.facts), [BodyKind::Registered]);
}

#[tokio::test]
async fn a_head_is_reached_once_and_again_after_a_restart() {
    let world = World::new().await;
    let mut follower = Follower::new(&world, world.base(&[&world.anvil.url]));
    world.finalize().await;
    follower.follow(&world).await;
    let vault = account(world.vault);
    assert_eq!(follower.read(vault).await.unwrap().0, None);

    follower.base = world.base(&[&world.anvil.url]);
    let page = follower.read(vault).await.unwrap().0.expect("the census waits for one");
    assert!(page.reached && page.facts.is_empty());
    // It was not taken, so it is said again.
    world.anvil.mine(1).await;
    assert!(follower.read(vault).await.unwrap().0.is_some());
}

#[tokio::test]
async fn nothing_is_proven_again_while_the_final_head_stands() {
    let world = World::new().await;
    let mut follower = Follower::new(&world, world.base(&[&world.anvil.url]));
    world.finalize().await;
    follower.follow(&world).await;
    let before = follower.base.endpoints()[0].requests;
    assert_eq!(follower.read(account(world.vault)).await.unwrap().0, None);
    assert_eq!(follower.base.endpoints()[0].requests - before, 2, "the latest block and the finalized one");
}

#[tokio::test]
async fn a_vault_older_than_the_settings_say_makes_nobody_a_liar() {
    let world = World::new().await;
    let mut settings = world.settings(&[&world.anvil.url, &world.twin()]);
    settings.from_height = Height(world.from_height.0 + 1);
    let mut follower = Follower::new(&world, Base::new(&settings).unwrap());
    world.register(1, 2_000).await;
    world.finalize().await;
    let error = follower.read(account(world.vault)).await.unwrap_err();
    assert_eq!(error, ChainError::NoFirstFact { from_height: settings.from_height });
    assert!(follower.base.endpoints().iter().all(|status| status.fault.is_none()));
}

#[tokio::test]
async fn there_is_nothing_before_the_deployment_is_final() {
    let world = World::new().await;
    let mut settings = world.settings(&[&world.anvil.url]);
    settings.from_height = Height(world.anvil.height().await);
    let mut follower = Follower::new(&world, Base::new(&settings).unwrap());
    assert_eq!(follower.read(account(world.vault)).await.unwrap().0, None);

    // Nor if nobody knows since when there is a vault.
    settings.from_height = Height(0);
    let world = World::new().await;
    let mut follower = Follower::new(&world, world.base(&[&world.anvil.url]));
    world.finalize().await;
    let (change, _) = follower.follow(&world).await;
    assert_eq!(kinds(&change.facts), [BodyKind::VaultParameters]);
}

#[tokio::test]
async fn without_proofs_a_quorum_is_believed_and_called_unproven() {
    let world = World::new().await;
    let first = Proxy::before(&world.anvil.url, Lie::RefuseProofs).await;
    let second = Proxy::before(&world.anvil.url, Lie::RefuseProofs).await;
    let mut follower = Follower::new(&world, world.base(&[&first.url, &second.url]));
    world.register(1, 2_000).await;
    world.finalize().await;
    let (change, faults) = follower.follow(&world).await;
    assert_eq!(change.facts.len(), 2);
    assert!(faults.0.is_empty(), "to prove nothing is no fault: {faults}");
    assert!(follower.base.endpoints().iter().all(|status| !status.proven && status.fault.is_none()));

    second.tell(Lie::Nothing);
    world.finalize().await;
    follower.follow(&world).await;
    let proven: Vec<bool> = follower.base.endpoints().iter().map(|status| status.proven).collect();
    assert_eq!(proven, [false, true]);

    second.tell(Lie::BendProofs);
    world.finalize().await;
    follower.read(account(world.vault)).await.unwrap_err();
    assert!(!follower.base.endpoints()[1].proven, "what it proved once it does not prove now");
}

#[tokio::test]
async fn a_proof_taken_at_the_tip_attests_the_block_once_it_is_final() {
    let world = World::new().await;
    let first = Proxy::before(&world.anvil.url, Lie::ForgetStates).await;
    let second = Proxy::before(&world.anvil.url, Lie::ForgetStates).await;
    let mut follower = Follower::new(&world, world.base(&[&first.url, &second.url]));
    world.register(1, 2_000).await;
    let seen = world.anvil.height().await;
    follower.base.tail(Height(0)).await.unwrap();
    world.stake(1, 100).await;
    world.finalize().await;

    let (change, _) = follower.follow(&world).await;
    assert_eq!(change.books.through.height, Height(seen), "the page ends where the proof was taken");
    assert_eq!(kinds(&change.facts), [BodyKind::VaultParameters, BodyKind::Registered]);

    world.anvil.mine(SIGHTING_BLOCKS).await;
    follower.base.tail(Height(seen)).await.unwrap();
    world.finalize().await;
    let (change, _) = follower.follow(&world).await;
    assert_eq!(kinds(&change.facts), [BodyKind::Staked]);
}

#[tokio::test]
async fn a_proof_of_a_block_that_was_reorganised_away_attests_nothing() {
    let world = World::new().await;
    let first = Proxy::before(&world.anvil.url, Lie::ForgetStates).await;
    let mut follower = Follower::new(&world, world.base(&[&first.url]));
    world.finalize().await;
    world.register(1, 2_000).await;
    follower.base.tail(Height(0)).await.unwrap();
    world.anvil.reorg(1).await;
    world.finalize().await;
    let error = follower.read(account(world.vault)).await.unwrap_err();
    assert!(error.to_string().contains("the vault's storage"), "{error}");
}

#[tokio::test]
async fn a_head_that_nobody_else_has_is_no_sighting() {
    let world = World::new().await;
    let tall = Proxy::before(&world.anvil.url, Lie::TallHead(1_000_000_000_000, world.vault)).await;
    let first = Proxy::before(&world.anvil.url, Lie::ForgetStates).await;
    let second = Proxy::before(&world.anvil.url, Lie::ForgetStates).await;
    let mut follower = Follower::new(&world, world.base(&[&tall.url, &first.url, &second.url]));
    world.register(1, 2_000).await;
    let seen = world.anvil.height().await;
    follower.base.tail(Height(0)).await.unwrap();
    tall.tell(Lie::ForgetStates);
    world.finalize().await;
    let (change, _) = follower.follow(&world).await;
    assert_eq!(change.books.through.height, Height(seen));
}

#[tokio::test]
async fn a_sighting_far_below_the_final_head_gives_its_page_once() {
    let world = World::new().await;
    let first = Proxy::before(&world.anvil.url, Lie::ForgetStates).await;
    let mut follower = Follower::new(&world, world.base(&[&first.url]));
    world.register(1, 2_000).await;
    let seen = world.anvil.height().await;
    follower.base.tail(Height(0)).await.unwrap();
    world.anvil.mine(REACH_BLOCKS + 9).await;
    let vault = account(world.vault);
    let page = follower.read(vault).await.unwrap().0.unwrap();
    assert_eq!((page.reached, page.through.height), (false, Height(seen)));
    let change = follower.ledger.stage(&page).unwrap().unwrap();
    follower.ledger.commit(&change);
    assert_eq!(follower.read(vault).await.unwrap().0, None, "an empty page would be asked for again at once");

    // The next sighting closes the gap.
    follower.base.tail(Height(seen)).await.unwrap();
    world.finalize().await;
    assert!(follower.read(vault).await.unwrap().0.unwrap().reached);
}

#[tokio::test]
async fn narrow_ranges_and_dateless_logs_are_enough() {
    let world = World::new().await;
    let narrow = Proxy::before(&world.anvil.url, Lie::NarrowRanges(3)).await;
    let dateless = Proxy::before(&world.anvil.url, Lie::DatelessLogs).await;
    world.register(1, 2_000).await;
    world.anvil.mine(40).await;
    world.stake(1, 100).await;
    world.finalize().await;
    let gateway = Proxy::before(&world.anvil.url, Lie::GatewayTimeout(5)).await;
    for proxy in [narrow, dateless, gateway] {
        let mut follower = Follower::new(&world, world.base(&[&proxy.url]));
        let (change, faults) = follower.follow(&world).await;
        assert_eq!((change.facts.len(), fault_of(&faults, 1)), (3, None));
    }
}

#[tokio::test]
async fn a_long_history_comes_in_pages_that_nobody_has_to_prove_alone() {
    let world = World::new().await;
    // Whoever serves the states of the final head only cannot attest where the earlier pages end.
    let base = world.base(&[&world.anvil.url]).with_pages_of(2);
    let mut follower = Follower::new(&world, base);
    world.register(1, 2_000).await;
    for tokens in [100, 200, 300, 400] {
        world.stake(1, tokens).await;
    }
    world.finalize().await;
    let mut pages = Vec::new();
    loop {
        let page = follower.read(account(world.vault)).await.unwrap().0.expect("there is more");
        let change = follower.ledger.stage(&page).unwrap().expect("it is new");
        follower.ledger.commit(&change);
        pages.push((change.facts.len(), page.operators));
        if page.reached {
            break;
        }
    }
    assert_eq!(pages, [(2, 1), (2, 1), (2, 1)]);
    assert_eq!(follower.ledger.operator(world.owner(1)).unwrap().active, Amount(3_000 * TOKEN));
    let through = follower.ledger.chain(ChainId::Base).unwrap().through.height;
    assert_eq!(through, Height(world.anvil.height().await - 8));
}

#[tokio::test]
async fn a_registration_counts_the_cycle_of_its_block() {
    let world = World::new().await;
    let mut follower = Follower::new(&world, world.base(&[&world.anvil.url]));
    let Cycle(before) = world.cycle().await;
    world.register(1, 2_000).await;
    world.finalize().await;
    follower.follow(&world).await;
    let tenure = follower.ledger.signers()[&(ChainId::Base, world.signer(1).address())];
    assert!(tenure.from.0 >= before);
}

#[tokio::test]
async fn a_cursor_beyond_the_final_head_is_taken_back_once() {
    let world = World::new().await;
    let mut follower = Follower::new(&world, world.base(&[&world.anvil.url]));
    world.register(1, 2_000).await;
    world.finalize().await;
    let (change, _) = follower.follow(&world).await;
    let through = change.books.through;

    // Somebody was believed who led it there.
    let vault = account(world.vault);
    let mut astray = change;
    astray.books.through.height = Height(through.height.0 + 500);
    astray.facts.clear();
    follower.ledger.commit(&astray);
    let (change, faults) = follower.follow(&world).await;
    assert!(faults.0.is_empty(), "{faults}");
    assert_eq!((change.books.through, change.facts.len()), (through, 0));
    // The ledger did not open by a page that took it back, so it is told again that the chain ends here; once.
    let again = follower.read(vault).await.unwrap().0.expect("a page that opens");
    assert_eq!((again.reached, again.through, again.facts.len()), (true, through, 0));
    assert_eq!(follower.read(vault).await.unwrap().0, None, "it stands where the chain does");

    world.stake(1, 100).await;
    world.finalize().await;
    let (change, _) = follower.follow(&world).await;
    assert_eq!(kinds(&change.facts), [BodyKind::Staked]);
}

/// The final head passes a cursor that was led astray beyond a fact, before anybody took the cursor back.
#[tokio::test]
async fn a_fact_behind_a_cursor_that_was_led_astray_is_found() {
    let world = World::new().await;
    let mut follower = Follower::new(&world, world.base(&[&world.anvil.url]));
    world.register(1, 2_000).await;
    world.finalize().await;
    let (change, _) = follower.follow(&world).await;
    let mut astray = change.clone();
    world.stake(1, 100).await;
    astray.books.through.height = Height(world.anvil.height().await + 20);
    astray.facts.clear();
    follower.ledger.commit(&astray);
    world.stake(1, 200).await;
    world.anvil.mine(60).await;
    let (change, faults) = follower.follow(&world).await;
    assert!(faults.0.is_empty(), "{faults}");
    assert_eq!(kinds(&change.facts), [BodyKind::Staked, BodyKind::Staked]);
}

/// A cursor far beyond the tip comes back also where nobody proves the final head any more.
#[tokio::test]
async fn a_sighting_takes_a_cursor_back_that_was_led_far_astray() {
    let world = World::new().await;
    let first = Proxy::before(&world.anvil.url, Lie::ForgetStates).await;
    let mut follower = Follower::new(&world, world.base(&[&first.url]));
    world.register(1, 2_000).await;
    follower.base.tail(Height(0)).await.unwrap();
    world.finalize().await;
    let (change, _) = follower.follow(&world).await;
    let mut astray = change.clone();
    astray.books.through.height = Height(change.books.through.height.0 + 100_000);
    astray.facts.clear();
    follower.ledger.commit(&astray);
    world.anvil.mine(SIGHTING_BLOCKS).await;
    follower.base.tail(Height(0)).await.unwrap();
    assert_eq!(follower.read(account(world.vault)).await.ok().and_then(|(page, _)| page), None, "it is not final yet");
    world.finalize().await;
    let (change, _) = follower.follow(&world).await;
    assert!(change.books.through.height < Height(1_000), "{:?}", change.books.through);
}
