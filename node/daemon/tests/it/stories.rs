//! Single stories: who may sign, how often it is tried, what a person is told, and when it stops.

use std::time::Duration;

use alloy::primitives::U256;
use williw_chain::send::{FEE_CAP, SendError};
use williw_chain::verb::Call;
use williw_core::cycle::Height;
use williw_core::identity::Account;
use williw_core::outbox::{IntentId, Outcome, Purpose, Stage, TooManyFailures, Unsent};
use williw_daemon::outbox::{Dispatch, OutboxError, settle};
use williw_store::Which;

use crate::chain::{base, pace};
use crate::child::{Order, Said, Sender};
use crate::post::Fate;
use crate::story::{NEVER, Story, VALUE, quiet};

#[tokio::test]
async fn what_was_asked_before_is_refused_once_and_told() {
    let story = Story::new(NEVER).await;
    story.killed_at("leaving").await;
    let OutboxError::AskedBefore { receipt, stage, .. } = story.fails().await else { panic!() };
    assert_eq!(receipt.intent, IntentId(1));
    assert!(matches!(stage.stage, Stage::Included(..)), "{stage:?}");
    assert_eq!(story.paid().await, U256::from(VALUE));
    story.send().await.unwrap();
    story.send().await.unwrap();
    story.rest().await;
    assert_eq!(story.paid().await, U256::from(3 * VALUE), "who is told and asks again means it");
}

#[tokio::test]
async fn what_a_node_settled_meanwhile_is_told_as_well() {
    let story = Story::new(NEVER).await;
    story.killed_at("leaving").await;
    story.rest().await;
    let OutboxError::AskedBefore { stage, .. } = story.fails().await else { panic!() };
    assert!(matches!(stage.stage, Stage::Settled(Outcome::Done(_))), "{stage:?}");
    assert_eq!(story.paid().await, U256::from(VALUE));
}

#[tokio::test]
async fn what_was_not_signed_is_not_continued() {
    let story = Story::new(NEVER).await;
    for (step, unsent) in [("intended", 1), ("drafted", 2), ("signed", 3)] {
        story.killed_at(step).await;
        story.rest().await;
        let latest = story.latest().await;
        let expected = Stage::Settled(Outcome::NotSent(Unsent::Interrupted));
        assert_eq!((latest.id, latest.stage), (IntentId(unsent), expected), "{step}");
    }
    assert_eq!(story.paid().await, U256::ZERO);
    story.send().await.unwrap();
    assert_eq!((story.paid().await, story.chain.nonce(story.payer()).await), (U256::from(VALUE), 1));
}

#[tokio::test]
async fn one_process_owns_the_nonces_until_it_dies() {
    let story = Story::new(NEVER).await;
    let mut sender = Sender::start(&story.order);
    while sender.says().await != Said::At("drafted".to_owned()) {
        sender.go_on().await;
    }
    let mut base = story.base();
    let account = story.order.wallet().account();
    let mut tell = quiet;
    let hasty = williw_daemon::outbox::Pace { owner: Duration::ZERO, ..pace(Duration::ZERO) };
    let claimed = Dispatch::claim(&mut base, &story.outbox, account, hasty, &mut tell).await;
    let OutboxError::Owned { by: Some(by), .. } = claimed.unwrap_err() else { panic!() };
    assert_eq!(Some(by), sender.id());
    // A node leaves it alone, too.
    let mut node = story.base();
    let left = settle(&story.outbox, &mut node, hasty, &mut quiet).await.unwrap();
    assert_eq!(left, [story.latest().await]);
    assert_eq!(left[0].stage, Stage::Intended);
    sender.kill().await;
    let mut tell = quiet;
    Dispatch::claim(&mut base, &story.outbox, account, hasty, &mut tell).await.unwrap();
}

#[tokio::test]
async fn who_comes_at_the_same_time_takes_turns() {
    let story = Story::new(NEVER).await;
    let other = Order { to: [0x43; 20], ..story.order.clone() };
    let (mut tell, mut base) = (quiet, story.base());
    let (a, b) = tokio::join!(story.send(), other.send(&story.outbox, &mut base, &mut tell));
    assert_eq!((a.unwrap().receipts.len(), b.unwrap().receipts.len()), (1, 1));
    assert_eq!(story.chain.nonce(story.payer()).await, 2);
}

#[tokio::test]
async fn what_is_lost_is_outbid_with_the_same_nonce() {
    let story = Story::new(0).await;
    story.chain.posts[0].expect(&[Fate::Drop, Fate::Hold, Fate::Drop]);
    story.send().await.unwrap();
    story.chain.posts[0].release().await;
    let intent = story.latest().await;
    assert!(intent.attempts.len() >= 3, "{intent:?}");
    for pair in intent.attempts.windows(2) {
        let (before, after) = (pair[0].fees.unwrap(), pair[1].fees.unwrap());
        assert!(after.max.0 * 8 >= before.max.0 * 9 && after.tip.0 * 8 >= before.tip.0 * 9, "{before:?} {after:?}");
        assert!(after.max <= FEE_CAP.max && after.tip <= FEE_CAP.tip);
    }
    story.rest().await;
    assert_eq!((story.paid().await, story.chain.nonce(story.payer()).await), (U256::from(VALUE), 1));
}

#[tokio::test]
async fn a_node_has_no_key_and_sends_the_same_bytes() {
    let story = Story::new(0).await;
    story.killed_at("leaving").await;
    let before = story.latest().await.attempts;
    story.chain.posts[0].expect(&[Fate::Drop, Fate::Lose, Fate::Refuse("already known")]);
    let mut node = story.base();
    for _ in 0..3 {
        let left = settle(&story.outbox, &mut node, pace(Duration::ZERO), &mut quiet).await.unwrap();
        assert!(matches!(left[0].stage, Stage::Signed(_)), "{left:?}");
    }
    story.rest().await;
    assert_eq!(story.latest().await.attempts, before);
    assert_eq!(story.paid().await, U256::from(VALUE));
}

#[tokio::test]
async fn a_cancellation_takes_the_place_of_what_was_lost() {
    let story = Story::new(NEVER).await;
    story.chain.posts[0].expect(&[Fate::Hold]);
    story.killed_at("sent").await;
    let wallet = story.order.wallet();
    let cancelled = story.act(async |dispatch| dispatch.cancel(IntentId(1), &wallet).await).await.unwrap();
    let purposes: Vec<_> = cancelled.attempts.iter().map(|attempt| attempt.purpose).collect();
    assert_eq!(purposes, [Purpose::Call, Purpose::Cancel]);
    // What was cancelled arrives after all.
    story.chain.posts[0].release().await;
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Cancelled(_))));
    assert_eq!((story.paid().await, story.chain.nonce(story.payer()).await), (U256::ZERO, 1));
    let again = story.act(async |dispatch| dispatch.cancel(IntentId(1), &wallet).await).await;
    assert!(matches!(again.unwrap_err(), OutboxError::Ended { .. }));
}

/// An endpoint that does not take the cancellation is not given what was to be cancelled instead.
#[tokio::test]
async fn a_cancellation_that_nobody_takes_does_not_send_what_it_cancels() {
    let story = Story::new(NEVER).await;
    story.chain.posts[0].expect(&[Fate::Drop, Fate::Refuse("request rate limited")]);
    story.killed_at("sent").await;
    let wallet = story.order.wallet();
    let refused = story.act(async |dispatch| dispatch.cancel(IntentId(1), &wallet).await).await.unwrap_err();
    assert!(matches!(refused, OutboxError::NotTaken { .. }), "{refused}");
    story.rest().await;
    assert_eq!(story.paid().await, U256::ZERO);
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Cancelled(_))));
}

#[tokio::test]
async fn it_is_too_late_to_cancel_what_is_done() {
    let story = Story::new(NEVER).await;
    story.killed_at("sent").await;
    let wallet = story.order.wallet();
    let intent = story.act(async |dispatch| dispatch.cancel(IntentId(1), &wallet).await).await.unwrap();
    assert!(matches!(intent.stage, Stage::Included(..)), "{intent:?}");
    assert_eq!(intent.attempts.len(), 1);
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Done(_))));
}

#[tokio::test]
async fn three_failures_in_a_row_are_enough() {
    let story = Story::new(NEVER).await;
    for _ in 0..3 {
        story.killed_at("drafted").await;
        story.is_undone().await;
        story.rest().await;
    }
    let OutboxError::TooManyFailures(TooManyFailures(3)) = story.fails().await else { panic!() };
    assert_eq!(story.chain.nonce(story.payer()).await, 3, "nothing more was signed");
    // A person decides that it goes on.
    let (wallet, latest) = (story.order.wallet(), story.latest().await.id);
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Failed(_))));
    let needs_key = story.act(async |dispatch| dispatch.retry(latest, None).await).await;
    assert!(matches!(needs_key.unwrap_err(), OutboxError::NeedsKey { .. }));
    let retried = story.act(async |dispatch| dispatch.retry(latest, Some((&wallet).into())).await).await.unwrap();
    assert!(retried.id > latest, "an intent that failed is not signed for again");
    story.act(async |dispatch| dispatch.retry(retried.id, Some((&wallet).into())).await).await.unwrap();
    assert_eq!(story.paid().await, U256::from(VALUE), "retried while it is in a block, it is only looked at");
    story.outbox.tell(&[retried.id]).await.unwrap();
    story.send().await.unwrap();
    assert_eq!(story.paid().await, U256::from(2 * VALUE));
}

#[tokio::test]
async fn a_nonce_that_somebody_else_used_is_told_and_nothing_is_signed_before_that_is_final() {
    let story = Story::new(NEVER).await;
    story.chain.posts[0].expect(&[Fate::Hold]);
    story.killed_at("sent").await;
    let (wallet, mut elsewhere) = (story.order.wallet(), base(vec![story.chain.anvil.url.clone()]));
    let call = Call { to: Account::evm([0xfe; 20]), data: Vec::new(), value: 1, what: "elsewhere".to_owned() };
    let foreign = elsewhere.draft(wallet.account(), &call, Height(0)).await.unwrap().value.sign(&wallet).unwrap();
    elsewhere.broadcast(foreign.hash, &foreign.bytes).await;
    let OutboxError::Spent { intent: IntentId(1), nonce: 0, .. } = story.fails().await else { panic!() };
    assert_eq!(story.outbox.intents(Which::default(), 9).await.unwrap().len(), 1);
    story.chain.posts[0].release().await;
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Overtaken(_))));
    story.send().await.unwrap();
    assert_eq!((story.paid().await, story.chain.nonce(story.payer()).await), (U256::from(VALUE), 2));
}

#[tokio::test]
async fn a_nonce_that_is_taken_while_a_transaction_leaves_is_told_as_that() {
    let story = Story::new(NEVER).await;
    let wallet = story.order.wallet();
    let mut sender = Sender::start(&story.order);
    let why = loop {
        match sender.says().await {
            Said::At(step) if step == "leaving" => {
                let mut elsewhere = base(vec![story.chain.anvil.url.clone()]);
                let call =
                    Call { to: Account::evm([0xfe; 20]), data: Vec::new(), value: 1, what: "elsewhere".to_owned() };
                let foreign = elsewhere.draft(wallet.account(), &call, Height(0)).await.unwrap();
                let foreign = foreign.value.sign(&wallet).unwrap();
                elsewhere.broadcast(foreign.hash, &foreign.bytes).await;
            }
            Said::At(_) => {}
            Said::Done => panic!("it was done"),
            Said::NotDone(why) => break why,
        }
        sender.go_on().await;
    };
    assert!(why.contains("nonce 0 was used by another transaction"), "{why}");
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Overtaken(_))));
    assert_eq!(story.paid().await, U256::ZERO);
}

#[tokio::test]
async fn a_reorganised_block_sends_the_same_bytes_again() {
    let story = Story::new(NEVER).await;
    story.send().await.unwrap();
    let before = story.latest().await;
    story.chain.reorg(2).await;
    assert_eq!(story.paid().await, U256::ZERO);
    // Nothing new is signed with its nonce.
    let other = Order { to: [0x43; 20], ..story.order.clone() };
    other.send(&story.outbox, &mut story.base(), &mut quiet).await.unwrap();
    story.rest().await;
    let after = story.outbox.intent(before.id).await.unwrap().unwrap();
    assert_eq!((after.attempts, after.pin), (before.attempts, before.pin));
    assert!(matches!(after.stage, Stage::Settled(Outcome::Done(_))), "{:?}", after.stage);
    assert_eq!((story.paid().await, story.chain.nonce(story.payer()).await), (U256::from(VALUE), 2));
}

#[tokio::test]
async fn who_asks_again_because_a_block_is_gone_gets_it_once() {
    let story = Story::new(NEVER).await;
    story.send().await.unwrap();
    story.chain.reorg(2).await;
    assert_eq!(story.paid().await, U256::ZERO);
    let why = story.fails().await;
    assert!(matches!(why, OutboxError::AskedBefore { .. }), "{why}");
    assert_eq!(story.paid().await, U256::from(VALUE));
}

#[tokio::test]
async fn a_call_after_one_that_failed_is_not_sent() {
    let story = Story::new(NEVER).await;
    let wallet = story.order.wallet();
    let calls = [story.order.call(), Call { to: Account::evm([0x43; 20]), ..story.order.call() }];
    let mut base = story.base();
    // Taken by nobody, whatever they are told.
    story.chain.posts[0].expect(&[Fate::Refuse("insufficient funds for gas * price + value")]);
    let mut tell = quiet;
    let pace = pace(Duration::from_secs(60));
    let mut dispatch = Dispatch::claim(&mut base, &story.outbox, wallet.account(), pace, &mut tell).await.unwrap();
    let interrupted = dispatch.send(&wallet, &calls).await.unwrap_err();
    let OutboxError::NotTaken { intent: IntentId(1), .. } = *interrupted.why else { panic!("{interrupted}") };
    drop(dispatch);
    let second = story.outbox.intent(IntentId(2)).await.unwrap().unwrap();
    assert_eq!(second.stage, Stage::Settled(Outcome::NotSent(Unsent::NotItsTurn)));
    // The first is signed, so it may still happen, and does.
    story.rest().await;
    assert_eq!(story.paid().await, U256::from(VALUE));
}

#[tokio::test]
async fn what_cannot_be_paid_is_not_signed() {
    let story = Story::new(NEVER).await;
    let poor = Order { value: u128::from(u64::MAX), ..story.order.clone() };
    let why = *poor.send(&story.outbox, &mut story.base(), &mut quiet).await.unwrap_err().why;
    assert!(matches!(why, OutboxError::Send(SendError::TooPoor { .. } | SendError::Chain(_))), "{why}");
    let intents = story.outbox.intents(Which::default(), 9).await.unwrap();
    assert!(intents.iter().all(|intent| intent.attempts.is_empty() && intent.stage.is_settled()), "{intents:?}");
}
