//! Endpoints that hide what happened, or are behind: nothing is signed anew before a quorum has ruled it out.

use serde_json::json;
use williw_core::outbox::{Outcome, Stage, TransactionName};
use williw_daemon::outbox::OutboxError;

use super::story::Story;

#[tokio::test]
async fn one_of_three_that_hides_the_transaction_changes_nothing() {
    let story = Story::new(3).await;
    story.killed_at("leaving").await;
    let TransactionName::Solana(_) = story.signature().await else { panic!() };
    let signature = story.signature().await.to_string();
    story.chain.net.control("withhold", json!({ "face": 0, "signature": signature })).await;
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
    let signature = story.signature().await.to_string();
    story.chain.net.control("withhold", json!({ "face": 0, "signature": signature })).await;
    story.chain.expire().await;
    let left = story.tended().await;
    assert!(matches!(left[0].stage, Stage::Signed(_)), "{}", left[0].stage);
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
    assert!(matches!(left[0].stage, Stage::Signed(_)), "{}", left[0].stage);
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
