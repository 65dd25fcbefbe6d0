//! Endpoints that hide what happened, or are behind: nothing is signed anew before a quorum has ruled it out.

use serde_json::{Value, json};
use williw_chain::send::SendError;
use williw_chain::verb::Verb;
use williw_core::amount::Amount;
use williw_core::outbox::{Outcome, Stage, TransactionName};
use williw_daemon::outbox::OutboxError;

use super::child::Sender;
use super::network::{MIN_STAKE, WEALTH};
use super::story::{MORE, Story};
use crate::child::Said;

impl Story {
    /// In which slot the latest intent's transaction is.
    async fn slot_of_latest(&self) -> u64 {
        let signature = self.signature().await.to_string();
        let search = json!([[signature], { "searchTransactionHistory": true }]);
        let statuses: Value = self.chain.net.ask("getSignatureStatuses", search).await;
        statuses["value"][0]["slot"].as_u64().expect("it is in a block")
    }

    /// Endpoints, counted from 1, that know nothing of these slots.
    async fn lose(&self, positions: &[usize], from_slot: u64, through_slot: u64) {
        for position in positions {
            let hole = json!({ "from_slot": from_slot, "through_slot": through_slot });
            self.chain.net.lie(*position, "hole", hole).await;
        }
    }

    /// Endpoints, counted from 1, that do not show what was signed for the latest intent.
    async fn hidden_by(&self, positions: &[usize]) {
        let signature = self.signature().await.to_string();
        for position in positions {
            let what = json!({ "face": position - 1, "signature": signature });
            self.chain.net.control("withhold", what).await;
        }
    }

    /// What happened once is in the end known to have happened once.
    async fn is_done_once(&self) {
        self.rest().await;
        let stage = self.latest().await.stage;
        assert!(matches!(stage, Stage::Settled(Outcome::Done(_))), "{stage:?}");
        assert_eq!(self.times().await, 1);
    }
}

#[tokio::test]
async fn one_of_three_that_hides_the_transaction_changes_nothing() {
    let story = Story::new(3).await;
    story.killed_at("leaving").await;
    let TransactionName::Solana(_) = story.signature().await else { panic!() };
    story.hidden_by(&[1]).await;
    let why = story.send().await.unwrap_err();
    assert!(matches!(why, OutboxError::AskedBefore { .. }), "{why}");
    // Also once its blockhash is long gone, and the liar alone says that it never was.
    story.chain.expire().await;
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Done(_))));
    assert_eq!(story.times().await, 1);
}

#[tokio::test]
async fn one_of_two_that_hides_it_stops_the_account_and_repeats_nothing() {
    let story = Story::new(2).await;
    story.killed_at("sent").await;
    story.hidden_by(&[1]).await;
    story.chain.expire().await;
    let left = story.tended().await;
    assert!(matches!(left[0].stage, Stage::Signed(_)), "{:?}", left[0].stage);
    assert_eq!(story.times().await, 1);
    story.chain.net.control("release_all", json!({})).await;
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Done(_))));
}

#[tokio::test]
async fn endpoints_that_are_behind_rule_nothing_out() {
    let story = Story::new(3).await;
    story.chain.drop(1_000).await;
    story.killed_at("sent").await;
    let at = story.chain.net.slot("processed").await;
    // Two of three do not move on: what one says alone is not enough, however far it has come.
    for face in [0, 1] {
        for commitment in ["confirmed", "finalized"] {
            let hold = json!({ "face": face, "commitment": commitment, "at": at - 40 });
            story.chain.net.control("hold", hold).await;
        }
    }
    story.chain.expire().await;
    let left = story.tended().await;
    assert!(matches!(left[0].stage, Stage::Signed(_)), "{:?}", left[0].stage);
    story.chain.net.control("release_all", json!({})).await;
    story.chain.finalize().await;
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Expired(_))));
    assert_eq!(story.times().await, 0);
}

#[tokio::test]
async fn what_endpoints_have_forgotten_they_cannot_rule_out() {
    let story = Story::new(2).await;
    story.chain.drop(1_000).await;
    story.killed_at("sent").await;
    story.chain.expire().await;
    let slot = story.chain.net.slot("processed").await;
    for face in [1, 2] {
        story.chain.net.lie(face, "pruned", json!({ "before_slot": slot })).await;
    }
    let why = story.tries_to_settle().await.unwrap_err().to_string();
    assert!(why.contains("keep old transactions"), "{why}");
    assert!(matches!(story.latest().await.stage, Stage::Signed(_)));
    for face in [1, 2] {
        story.chain.net.lie(face, "honest", json!({})).await;
    }
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Expired(_))));
}

#[tokio::test]
async fn endpoints_with_a_hole_in_their_ledger_rule_nothing_out() {
    let story = Story::new(3).await;
    story.killed_at("sent").await;
    let slot = story.slot_of_latest().await;
    story.chain.expire().await;
    // Nothing around it is known, or the very block, or all before it.
    for (from_slot, through_slot) in [(slot - 3, slot + 3), (slot, slot), (0, slot)] {
        story.lose(&[1, 2], from_slot, through_slot).await;
        let why = story.tries_to_settle().await.unwrap_err().to_string();
        assert!(why.contains("keep old transactions"), "{why}");
        let stage = story.latest().await.stage;
        assert!(matches!(stage, Stage::Signed(_)), "{stage:?}");
        story.honest(&[1, 2]).await;
    }
    story.is_done_once().await;
}

#[tokio::test]
async fn a_liar_and_one_with_a_hole_in_its_ledger_rule_nothing_out() {
    let story = Story::new(3).await;
    story.killed_at("sent").await;
    let slot = story.slot_of_latest().await;
    story.hidden_by(&[1]).await;
    story.lose(&[2], slot, slot).await;
    story.chain.expire().await;
    let why = story.tries_to_settle().await.unwrap_err().to_string();
    assert!(why.contains("keep old transactions"), "{why}");
    assert!(matches!(story.latest().await.stage, Stage::Signed(_)));
    story.chain.net.control("release_all", json!({})).await;
    story.honest(&[2]).await;
    story.is_done_once().await;
}

#[tokio::test]
async fn what_one_endpoint_shows_no_others_rule_out() {
    let story = Story::new(3).await;
    story.killed_at("sent").await;
    story.hidden_by(&[1, 2]).await;
    story.chain.expire().await;
    let why = story.tries_to_settle().await.unwrap_err().to_string();
    assert!(why.contains("only some of them show") && why.contains("whether the transaction happened"), "{why}");
    assert!(matches!(story.latest().await.stage, Stage::Signed(_)));
    story.chain.net.control("release_all", json!({})).await;
    story.is_done_once().await;
}

#[tokio::test]
async fn what_one_slow_endpoint_shows_the_quick_ones_do_not_rule_out() {
    // Longer than the others are waited for where less hangs on it; and so long that no step of several questions is done in
    // its time, but a single one.
    for ms in [2_000, 5_500] {
        let story = Story::new(3).await;
        story.killed_at("sent").await;
        story.hidden_by(&[1, 2]).await;
        story.chain.expire().await;
        story.chain.net.lie(3, "slow", json!({ "ms": ms })).await;
        let why = story.tries_to_settle().await.expect_err("one of them shows it").to_string();
        assert!(why.contains("only some of them show") && why.contains("whether the transaction happened"), "{why}");
        let stage = story.latest().await.stage;
        assert!(!stage.is_settled(), "{stage:?}");
        story.honest(&[3]).await;
        story.chain.net.control("release_all", json!({})).await;
        story.is_done_once().await;
    }
}

#[tokio::test]
async fn a_transaction_without_a_status_is_looked_up_by_its_name_as_well() {
    let story = Story::new(3).await;
    story.killed_at("sent").await;
    let signature = story.signature().await.to_string();
    for position in 1..=3 {
        story.chain.net.lie(position, "false_status", json!({ "signature": signature, "status": null })).await;
    }
    story.chain.expire().await;
    story.tended().await;
    assert!(matches!(story.latest().await.stage, Stage::Signed(_)));
    story.honest(&[1, 2, 3]).await;
    story.is_done_once().await;
}

#[tokio::test]
async fn what_is_in_a_block_is_not_gone_where_that_block_is_unknown() {
    let story = Story::new(3).await;
    story.chain.hold_final().await;
    story.send().await.unwrap();
    let slot = story.slot_of_latest().await;
    story.chain.net.advance(3).await;
    for (from_slot, through_slot) in [(slot, slot), (slot - 1, slot + 1), (0, slot)] {
        story.lose(&[1, 2], from_slot, through_slot).await;
        let why = story.tries_to_settle().await.unwrap_err().to_string();
        assert!(why.contains("keep old transactions"), "{why}");
        let stage = story.latest().await.stage;
        assert!(matches!(stage, Stage::Included(..)), "{stage:?}");
        story.honest(&[1, 2]).await;
    }
    story.chain.release_final().await;
    story.is_done_once().await;
}

#[tokio::test]
async fn one_of_three_that_stands_still_does_not_keep_an_intent_from_its_end() {
    let story = Story::new(3).await;
    story.chain.drop(1_000).await;
    let mut sender = Sender::start(&story.order);
    loop {
        let Said::At(step) = sender.says().await else { panic!("it cannot be done") };
        match step.as_str() {
            "sent" => {
                story.chain.expire().await;
                // It has come far enough to rule the transaction out, and goes no farther; the others are seen without it.
                let at = story.chain.net.slot("finalized").await;
                story.chain.net.control("hold", json!({ "face": 0, "commitment": "finalized", "at": at })).await;
                story.chain.net.lie(1, "down", json!({})).await;
                story.chain.finalize().await;
            }
            "noted" => break,
            _ => {}
        }
        sender.go_on().await;
    }
    sender.kill().await;
    let stage = story.latest().await.stage;
    assert!(matches!(stage, Stage::Spent(..)), "{stage:?}");
    story.honest(&[1]).await;
    // Of the others only one is left, and the one that stands still makes a quorum with it.
    story.chain.net.lie(3, "down", json!({})).await;
    story.tended().await;
    let stage = story.latest().await.stage;
    assert!(matches!(stage, Stage::Settled(Outcome::Expired(_))), "{stage:?}");
    assert_eq!(story.times().await, 0);
}

#[tokio::test]
async fn what_is_in_a_block_that_nobody_has_any_more_does_not_block_the_account() {
    let story = Story::new(2).await;
    story.killed_at("noted").await;
    let included = story.latest().await;
    assert!(matches!(included.stage, Stage::Included(..)), "{:?}", included.stage);
    story.chain.finalize().await;
    let slot = story.chain.net.slot("finalized").await;
    for (position, lie) in [(1, json!({ "before_slot": slot })), (2, json!({ "before_slot": slot }))] {
        story.chain.net.lie(position, "pruned", lie).await;
    }
    let why = story.tries_to_settle().await.unwrap_err().to_string();
    assert!(why.contains("keep old transactions"), "{why}");
    // The same call is answered with what is known of the first; whoever knows that and means it gets another.
    let again = story.send().await.unwrap_err();
    assert!(matches!(again, OutboxError::AskedBefore { .. }), "{again}");
    let sent = story.send().await.unwrap();
    assert!(sent.faults.0.iter().any(|(_, fault)| fault.to_string().contains("no history")), "{}", sent.faults);
    assert_eq!(story.times().await, 2);
    assert_eq!(story.outbox.intent(included.id).await.unwrap().unwrap().stage, included.stage);
    story.honest(&[1, 2]).await;
    story.rest().await;
    assert_eq!(story.times().await, 2);
}

#[tokio::test]
async fn endpoints_some_slots_apart_agree_on_what_an_account_can_afford() {
    let story = Story::new(2).await;
    let (account, mut solana) = (story.account(), story.order.solana());
    for commitment in ["confirmed", "finalized"] {
        story.chain.net.control("hold", json!({ "face": 0, "commitment": commitment })).await;
    }
    // Somebody sends it something in every slot.
    story.chain.enrich(account).await;
    story.chain.net.advance(3).await;
    let stake = |amount: u64| Verb::Stake { account, amount: Amount(amount.into()) };
    let calls = solana.calls(&stake(MORE), account).await.unwrap();
    let drafted = solana.draft(account, &calls.value[0]).await.unwrap();
    assert!(calls.faults.0.is_empty() && drafted.faults.0.is_empty(), "{} {}", calls.faults, drafted.faults);
    // What is too much for both is told with a number that one of them shows.
    let why = solana.calls(&stake(3 * WEALTH), account).await.unwrap_err();
    let has = [WEALTH - MIN_STAKE, 2 * WEALTH - MIN_STAKE].map(|has| Amount(has.into()));
    assert!(matches!(why, SendError::TooFewTokens { has: told, .. } if has.contains(&told)), "{why}");
}

#[tokio::test]
async fn one_of_three_that_is_down_or_serves_another_cluster_is_done_without() {
    for kind in ["down", "wrong_genesis"] {
        let story = Story::new(3).await;
        story.chain.net.lie(2, kind, json!({})).await;
        let sent = story.send().await.unwrap();
        assert!(sent.faults.0.iter().all(|(name, _)| name.position == 2) && !sent.faults.0.is_empty(), "{kind}");
        story.rest().await;
        assert_eq!(story.times().await, 1, "{kind}");
    }
}

#[tokio::test]
async fn nothing_is_signed_on_the_word_of_one_of_two() {
    let story = Story::new(2).await;
    story.chain.net.lie(2, "down", json!({})).await;
    let why = story.send().await.unwrap_err();
    assert!(matches!(why, OutboxError::Send(_)), "{why}");
    assert_eq!(story.times().await, 0);
}
