//! What becomes of a transaction that is dropped, not answered, reverted or too old, and of processes that are killed.

use std::time::Duration;

use serde_json::json;
use williw_core::outbox::{IntentId, Outcome, Stage, Unsent};
use williw_daemon::outbox::OutboxError;

use super::child::Sender;
use super::network::signer;
use super::story::{Story, quiet};
use crate::child::Said;

/// Every step at which a process can be killed, and whether anything can have happened by then.
const STEPS: [(&str, bool); 7] = [
    ("intended", false),
    ("drafted", false),
    ("signed", false),
    ("leaving", true),
    ("sent", true),
    ("seen", true),
    ("noted", true),
];

#[tokio::test]
async fn a_process_killed_at_any_step_has_done_it_at_most_once_and_the_next_one_knows() {
    let story = Story::new(1).await;
    let mut times = 0;
    for (step, may_have_happened) in STEPS {
        story.killed_at(step).await;
        story.rest().await;
        let stage = story.latest().await.stage;
        let expected = times + u64::from(may_have_happened);
        assert_eq!(story.times().await, expected, "killed at {step}: {stage:?}");
        if may_have_happened {
            assert!(matches!(stage, Stage::Settled(Outcome::Done(_))), "killed at {step}: {stage:?}");
            // Nobody was told of it, so whoever asks again gets that one.
            let why = story.send().await.unwrap_err();
            assert!(matches!(why, OutboxError::AskedBefore { .. }), "killed at {step}: {why}");
            assert_eq!(story.times().await, expected, "killed at {step}");
        } else {
            assert_eq!(stage, Stage::Settled(Outcome::NotSent(Unsent::Interrupted)), "killed at {step}");
        }
        times = expected;
    }
    story.send().await.unwrap();
    assert_eq!(story.times().await, times + 1, "who is told and asks again means it");
}

#[tokio::test]
async fn a_rotation_killed_at_any_step_is_the_same_call_when_it_is_asked_for_again() {
    let mut story = Story::new(1).await;
    for (nonce, (step, may_have_happened)) in (2..).zip(STEPS) {
        story.order.rotates_to = Some(nonce);
        story.killed_at(step).await;
        // Nothing has seen to it meanwhile: what was left is taken up, and may happen only now.
        let again = story.send().await;
        if may_have_happened {
            assert!(matches!(again, Err(OutboxError::AskedBefore { .. })), "killed at {step}: {again:?}");
        } else {
            again.unwrap();
        }
        story.rest().await;
        let operator = story.order.solana().operator_at_tip(story.account()).await.unwrap().value.operator.unwrap();
        assert_eq!((operator.nonce, operator.signer), (nonce, signer(nonce).signer()), "killed at {step}");
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_sent_again_as_it_is() {
    let story = Story::new(1).await;
    story.chain.drop(3).await;
    story.send().await.unwrap();
    let intent = story.latest().await;
    assert_eq!(intent.attempts.len(), 1);
    story.rest().await;
    assert_eq!(story.times().await, 1);
}

#[tokio::test]
async fn a_transaction_that_is_executed_and_not_answered_is_found() {
    let story = Story::new(1).await;
    story.chain.net.control("mute", json!({ "next": 1 })).await;
    story.send().await.unwrap();
    story.rest().await;
    assert_eq!(story.times().await, 1);
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Done(_))));
}

#[tokio::test]
async fn a_transaction_whose_slot_is_reverted_is_sent_again_with_the_same_bytes() {
    let story = Story::new(1).await;
    let before = story.chain.hold_final().await;
    story.send().await.unwrap();
    let bytes = story.latest().await.attempts[0].bytes.clone();
    assert_eq!(story.times().await, 1);
    story.chain.net.control("revert", json!({ "toSlot": before })).await;
    assert_eq!(story.times().await, 0, "it is as if it had not happened");
    // A node finds it gone, and gives the same bytes to everybody once more.
    story.chain.net.advance(3).await;
    story.tended().await;
    assert_eq!(story.times().await, 1);
    story.chain.release_final().await;
    story.rest().await;
    let intent = story.latest().await;
    assert_eq!((intent.attempts.len(), &intent.attempts[0].bytes), (1, &bytes));
    assert!(matches!(intent.stage, Stage::Settled(Outcome::Done(_))), "{:?}", intent.stage);
    assert_eq!(story.times().await, 1);
}

#[tokio::test]
async fn a_transaction_that_is_reverted_for_good_has_expired_and_is_told_so() {
    let story = Story::new(1).await;
    let before = story.chain.hold_final().await;
    story.send().await.unwrap();
    story.chain.net.control("revert", json!({ "toSlot": before })).await;
    // Its blockhash is too old before anybody sends it again.
    story.chain.expire().await;
    story.tended().await;
    let stage = story.latest().await.stage;
    assert!(matches!(stage, Stage::Signed(_)), "not final yet, so nothing is certain: {stage:?}");
    story.chain.release_final().await;
    story.rest().await;
    let stage = story.latest().await.stage;
    assert!(matches!(stage, Stage::Settled(Outcome::Expired(_))), "{stage:?}");
    assert_eq!(story.times().await, 0);
    // Only now is the same signed anew.
    story.send().await.unwrap();
    story.rest().await;
    assert_eq!((story.times().await, story.latest().await.id), (1, IntentId(3)));
}

#[tokio::test]
async fn a_transaction_that_nobody_takes_expires_while_it_is_waited_for() {
    let story = Story::new(1).await;
    story.chain.drop(1_000).await;
    let mut sender = Sender::start(&story.order);
    let why = loop {
        match sender.says().await {
            Said::At(step) => {
                if step == "sent" {
                    story.chain.expire().await;
                }
                sender.go_on().await;
            }
            Said::Done => panic!("it cannot be done"),
            Said::NotDone(why) => break why,
        }
    };
    sender.end().await;
    assert!(why.contains("did not happen and never will"), "{why}");
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Expired(_))));
    story.chain.drop(0).await;
    assert_eq!(story.times().await, 0);
    story.send().await.unwrap();
    assert_eq!(story.times().await, 1);
}

#[tokio::test]
async fn what_was_signed_can_be_repeated_with_the_key_once_it_has_expired_and_not_be_cancelled_before() {
    let story = Story::new(1).await;
    story.chain.drop(1_000).await;
    story.killed_at("sent").await;
    let id = story.latest().await.id;
    let keypair = story.order.keypair();
    let cancelled = story.act(async |dispatch| dispatch.cancel(id, &keypair).await).await.unwrap_err();
    assert!(matches!(cancelled, OutboxError::NotReplaceable { .. }), "{cancelled}");
    story.chain.expire().await;
    story.rest().await;
    story.chain.drop(0).await;
    let needs_key = story.act(async |dispatch| dispatch.retry(id, None).await).await.unwrap_err();
    assert!(matches!(needs_key, OutboxError::NeedsKey { .. }), "{needs_key}");
    let again = story.act(async |dispatch| dispatch.retry(id, Some((&keypair).into())).await).await.unwrap();
    assert!(again.id > id);
    story.rest().await;
    assert_eq!(story.times().await, 1);
}

#[tokio::test]
async fn two_equal_wishes_within_one_blockhash_are_two_transactions() {
    let mut story = Story::new(1).await;
    // From the second one on they take the same compute units, and are the same to the last byte.
    story.send().await.unwrap();
    // The final chain stands still, and with it the blockhash that everybody is given.
    story.chain.hold_final().await;
    story.chain.finalize().await;
    story.send().await.unwrap();
    story.order.receipt_ms = 500;
    let why = story.send().await.unwrap_err();
    assert!(matches!(why, OutboxError::SameAgain { .. }), "{why}");
    assert_eq!(story.latest().await.stage, Stage::Settled(Outcome::NotSent(Unsent::Refused)));
    story.order.receipt_ms = 30_000;
    story.chain.release_final().await;
    story.send().await.unwrap();
    story.rest().await;
    assert_eq!(story.times().await, 3);
}

#[tokio::test]
async fn who_waits_for_slow_endpoints_does_not_wait_for_ever() {
    let mut story = Story::new(1).await;
    story.chain.hold_final().await;
    story.chain.drop(1_000).await;
    // A look takes longer than the time after which the same bytes are sent again.
    story.chain.net.lie(1, "slow", json!({ "ms": 300 })).await;
    story.order.receipt_ms = 2_000;
    let sent = tokio::time::timeout(Duration::from_secs(30), story.send()).await.expect("it comes to an end");
    let why = sent.unwrap_err();
    assert!(matches!(why, OutboxError::NoReceipt { .. }), "{why}");
    assert_eq!(story.times().await, 0);
}

#[tokio::test]
async fn what_fails_on_the_chain_is_told_and_asked_again_only_when_that_is_final() {
    let story = Story::new(1).await;
    // Between the trial and the execution the tokens go elsewhere: more is wanted than there is.
    let mut poor = story.order.clone();
    poor.amount = super::network::WEALTH - super::network::MIN_STAKE;
    let mut sender = Sender::start(&poor);
    let why = loop {
        match sender.says().await {
            Said::At(step) => {
                if step == "leaving" {
                    story.chain.spend(&poor.secret, 1).await;
                }
                sender.go_on().await;
            }
            Said::Done => panic!("there was not enough"),
            Said::NotDone(why) => break why,
        }
    };
    sender.end().await;
    assert!(why.contains("only its fee is gone"), "{why}");
    // With enough again it is another wish, once nothing can bring the first one back.
    story.chain.enrich(story.account()).await;
    story.chain.net.advance(2).await;
    let again = poor.send(&story.outbox, &mut quiet).await.unwrap_err();
    assert!(matches!(*again.why, OutboxError::NotFinal { .. }), "{again}");
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Failed(_))));
}
