//! Stories of endpoints that lie, lag or forget, and of what is seen and not final: nothing is believed too early, nothing is
//! forgotten, and whoever is stuck is told the way out.

use std::time::Duration;

use alloy::primitives::{Address, U256};
use serde_json::{Value, json};
use williw_chain::base::ChainError;
use williw_chain::send::{FEE_CAP, SendError};
use williw_core::outbox::{ATTEMPTS_CAP, IntentId, Outcome, Purpose, Stage, TooManyFailures};
use williw_daemon::outbox::{Dispatch, Moment, OutboxError, settle};
use williw_store::Which;

use crate::chain::{open, pace};
use crate::child::{Order, folder};
use crate::lies::Lie;
use crate::post::Fate;
use crate::story::{NEVER, Story, TO, VALUE, quiet};

/// More often than any story asks.
const ALWAYS: u64 = u64::MAX;

/// The receipts of weeks ago are gone, and what happened then happened.
#[tokio::test]
async fn an_endpoint_that_forgot_an_old_receipt_takes_nothing_back() {
    let story = Story::new(NEVER).await;
    story.send().await.unwrap();
    let Stage::Included(_, inclusion) = story.latest().await.stage else { panic!() };
    story.chain.finalize().await;
    story.chain.posts[0].lie(Lie::Forgets(inclusion.place.height.0), ALWAYS);
    let other = Order { to: [0x43; 20], ..story.order.clone() };
    other.send(&story.outbox, &mut story.base(), &mut quiet).await.unwrap();
    let first = story.outbox.intent(IntentId(1)).await.unwrap().unwrap();
    assert_eq!(first.stage, Stage::Settled(Outcome::Done(inclusion)));
    assert_eq!((story.paid().await, story.chain.nonce(story.payer()).await), (U256::from(VALUE), 2));
}

#[tokio::test]
async fn an_endpoint_that_forgot_everything_settles_what_was_seen() {
    let story = Story::new(NEVER).await;
    story.send().await.unwrap();
    story.chain.posts[0].lie(Lie::NoReceipts, ALWAYS);
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Done(_))));
}

/// An index that lags behind its own chain shows a nonce that is used, and nothing that used it.
#[tokio::test]
async fn what_was_missing_from_an_index_is_found_before_it_counts() {
    let story = Story::new(NEVER).await;
    story.killed_at("sent").await;
    story.chain.posts[0].lie(Lie::NoReceipts, ALWAYS);
    let mut node = story.base();
    let left = settle(&story.outbox, &mut node, pace(Duration::ZERO), &mut quiet).await.unwrap();
    assert!(matches!(left[0].stage, Stage::Spent(..)), "{left:?}");
    let why = story.fails().await;
    assert!(matches!(why, OutboxError::Spent { .. }), "{why}");
    story.chain.posts[0].be_honest();
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Done(_))));
    assert_eq!(story.paid().await, U256::from(VALUE));
}

/// If the block of a failure is reorganised away the same transaction is sent again, and may go through.
#[tokio::test]
async fn what_failed_is_not_asked_again_before_that_is_final() {
    let story = Story::new(NEVER).await;
    let why = story.is_undone().await;
    assert!(why.contains("not final yet"), "{why}");
    for _ in 0..2 {
        let why = story.fails().await;
        let OutboxError::NotFinal { intent: IntentId(1), .. } = why else { panic!("{why}") };
    }
    // Something else may be asked meanwhile.
    let other = Order { to: [0x43; 20], ..story.order.clone() };
    other.send(&story.outbox, &mut story.base(), &mut quiet).await.unwrap();
    story.chain.reorg(3).await;
    story.rest().await;
    let first = story.outbox.intent(IntentId(1)).await.unwrap().unwrap();
    assert!(matches!(first.stage, Stage::Settled(Outcome::Done(_))), "{:?}", first.stage);
    assert_eq!(story.paid().await, U256::from(VALUE));
    let why = story.fails().await;
    assert!(matches!(why, OutboxError::AskedBefore { .. }), "{why}");
    story.send().await.unwrap();
    assert_eq!(story.paid().await, U256::from(2 * VALUE));
}

#[tokio::test]
async fn what_failed_for_good_may_be_asked_again() {
    let story = Story::new(NEVER).await;
    story.is_undone().await;
    story.rest().await;
    story.send().await.unwrap();
    assert_eq!(story.paid().await, U256::from(VALUE));
}

#[tokio::test]
async fn what_was_cancelled_is_not_asked_again_before_that_is_final() {
    let story = Story::new(NEVER).await;
    story.chain.posts[0].expect(&[Fate::Hold]);
    story.killed_at("sent").await;
    let wallet = story.order.wallet();
    story.chain.posts[0].expect(&[]);
    story.act(async |dispatch| dispatch.cancel(IntentId(1), &wallet).await).await.unwrap();
    let why = story.fails().await;
    assert!(matches!(why, OutboxError::NotFinal { intent: IntentId(1), .. }), "{why}");
    story.rest().await;
    story.send().await.unwrap();
    assert_eq!(story.paid().await, U256::from(VALUE));
}

/// A call that can never go through again must not keep the account from everything else.
#[tokio::test]
async fn failures_that_are_wanted_no_more_are_acknowledged() {
    let story = Story::new(NEVER).await;
    for _ in 0..3 {
        story.is_undone().await;
        story.rest().await;
    }
    story.chain.refuse(Address::from(TO)).await;
    let other = Order { to: [0x43; 20], ..story.order.clone() };
    let why = *other.send(&story.outbox, &mut story.base(), &mut quiet).await.unwrap_err().why;
    assert!(matches!(why, OutboxError::TooManyFailures(TooManyFailures(3))), "{why}");
    let wallet = story.order.wallet();
    let retried = story.act(async |dispatch| dispatch.retry(IntentId(3), Some((&wallet).into())).await).await;
    assert!(matches!(retried.unwrap_err(), OutboxError::Send(SendError::Refused { .. })));
    let known = story.act(async |dispatch| dispatch.cancel(IntentId(3), &wallet).await).await.unwrap();
    assert!(known.told && matches!(known.stage, Stage::Settled(Outcome::Failed(_))), "{known:?}");
    other.send(&story.outbox, &mut story.base(), &mut quiet).await.unwrap();
}

/// However often it was raised, at whatever tip a lying endpoint named.
#[tokio::test]
async fn what_was_raised_to_the_last_can_be_cancelled() {
    let story = Story::new(NEVER).await;
    let _: Value = story.chain.anvil.ask("evm_setAutomine", json!([false])).await;
    story.chain.posts[0].lie(Lie::Tips, ALWAYS);
    story.killed_at("sent").await;
    let wallet = story.order.wallet();
    let hasty = williw_daemon::outbox::Pace { receipt: Duration::from_millis(30), ..pace(Duration::from_secs(60)) };
    let mut not_raised = String::new();
    for _ in 0..ATTEMPTS_CAP {
        let mut base = story.base();
        let mut tell = |moment: Moment<'_>| {
            if let Moment::NotRaised(_, why) = moment {
                not_raised = why.to_owned();
            }
        };
        let mut dispatch = Dispatch::claim(&mut base, &story.outbox, wallet.account(), hasty, &mut tell).await.unwrap();
        let why = dispatch.retry(IntentId(1), Some((&wallet).into())).await.unwrap_err();
        assert!(matches!(why, OutboxError::NoReceipt { .. }), "{why}");
    }
    assert!(not_raised.contains("kept for a cancellation"), "{not_raised}");
    let raised = story.latest().await.attempts;
    assert_eq!(raised.len(), usize::try_from(ATTEMPTS_CAP).unwrap() - 1);
    // What was raised is lost: who mines has the cancellation only.
    let _: Value = story.chain.anvil.ask("anvil_dropAllTransactions", json!([])).await;
    let _: Value = story.chain.anvil.ask("evm_setAutomine", json!([true])).await;
    let cancelled = story.act(async |dispatch| dispatch.cancel(IntentId(1), &wallet).await).await.unwrap();
    let last = cancelled.attempts.last().unwrap();
    let (fees, before) = (last.fees.unwrap(), raised.last().unwrap().fees.unwrap());
    assert!(last.purpose == Purpose::Cancel && fees.tip > before.tip && fees.max <= FEE_CAP.max, "{fees:?}");
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Cancelled(_))));
    assert_eq!(story.paid().await, U256::ZERO);
}

#[tokio::test]
async fn what_is_being_cancelled_is_not_retried() {
    let story = Story::new(NEVER).await;
    story.chain.posts[0].expect(&[Fate::Drop, Fate::Refuse("request rate limited"), Fate::Drop]);
    story.killed_at("sent").await;
    let wallet = story.order.wallet();
    story.act(async |dispatch| dispatch.cancel(IntentId(1), &wallet).await).await.unwrap_err();
    let why = story.act(async |dispatch| dispatch.retry(IntentId(1), Some((&wallet).into())).await).await.unwrap_err();
    assert!(matches!(why, OutboxError::BeingCancelled { .. }), "{why}");
    assert_eq!(story.latest().await.attempts.len(), 2);
}

/// It would be taken by nobody, and be mined on the day when there is money.
#[tokio::test]
async fn a_fee_that_cannot_be_paid_is_not_offered() {
    let story = Story::new(NEVER).await;
    story.chain.posts[0].expect(&[Fate::Drop, Fate::Pass]);
    story.killed_at("sent").await;
    let fees = story.latest().await.attempts[0].fees.unwrap();
    let enough = U256::from(VALUE) + U256::from(fees.max.0) * U256::from(21_000 * 5 / 4 + 60_000 + 1_000);
    let _: Value = story.chain.anvil.ask("anvil_setBalance", json!([story.payer(), enough])).await;
    let wallet = story.order.wallet();
    let (mut base, mut why) = (story.base(), String::new());
    let mut tell = |moment: Moment<'_>| {
        if let Moment::NotRaised(_, not_raised) = moment {
            why = not_raised.to_owned();
        }
    };
    let mut dispatch =
        Dispatch::claim(&mut base, &story.outbox, wallet.account(), pace(Duration::from_secs(60)), &mut tell)
            .await
            .unwrap();
    let retried = dispatch.retry(IntentId(1), Some((&wallet).into())).await.unwrap();
    assert!(matches!(retried.stage, Stage::Included(..)) && retried.attempts.len() == 1, "{retried:?}");
    assert!(why.contains("this may cost"), "{why}");
}

/// Whoever signs with a nonce that is not reached yet waits for ever, and is told for what.
#[tokio::test]
async fn a_nonce_with_a_gap_before_it_is_told() {
    let story = Story::new(NEVER).await;
    // One endpoint alone is believed; it lies until the bytes are signed.
    story.chain.posts[0].lie(Lie::Nonce(2), ALWAYS);
    story.killed_at("sent").await;
    story.chain.posts[0].be_honest();
    let wallet = story.order.wallet();
    let hasty = williw_daemon::outbox::Pace { receipt: Duration::from_millis(30), ..pace(Duration::from_secs(60)) };
    let (mut base, mut tell) = (story.base(), quiet);
    let mut dispatch = Dispatch::claim(&mut base, &story.outbox, wallet.account(), hasty, &mut tell).await.unwrap();
    let why = dispatch.take_up(Some((&wallet).into())).await.unwrap_err();
    assert!(matches!(why, OutboxError::Gap { nonce: 2, next: 0, .. }), "{why}");
    assert!(why.to_string().contains("nonces 0 to 1"), "{why}");
    drop(dispatch);
    // The way out that the hint names.
    for nonce in 0..2 {
        let nothing = json!([{ "from": story.payer(), "to": story.payer(), "value": "0x0", "nonce": nonce }]);
        let _: Value = story.chain.anvil.ask("anvil_impersonateAccount", json!([story.payer()])).await;
        let _: Value = story.chain.anvil.ask("eth_sendTransaction", nothing).await;
    }
    story.rest().await;
    assert_eq!((story.paid().await, story.chain.nonce(story.payer()).await), (U256::from(VALUE), 3));
}

/// An endpoint far behind agrees with itself on a nonce that is used up for good.
#[tokio::test]
async fn a_nonce_that_was_used_for_good_is_signed_for_nobody_else() {
    let story = Story::new(NEVER).await;
    story.send().await.unwrap();
    story.rest().await;
    story.chain.posts[0].lie(Lie::Nonce(-1), ALWAYS);
    let hasty = williw_daemon::outbox::Pace { receipt: Duration::from_millis(30), ..pace(Duration::from_secs(60)) };
    let (mut base, mut tell, wallet) = (story.base(), quiet, story.order.wallet());
    let mut dispatch = Dispatch::claim(&mut base, &story.outbox, wallet.account(), hasty, &mut tell).await.unwrap();
    let why = *dispatch.send(&wallet, &[story.order.call()]).await.unwrap_err().why;
    assert!(
        matches!(&why, OutboxError::Behind { intent: IntentId(1), nonce: 0, stage } if stage.stage.is_settled()),
        "{why}"
    );
    assert!(why.hint().unwrap().contains("name others"), "{why}");
    assert_eq!(story.chain.nonce(story.payer()).await, 1);
}

/// The log of a process that died may be lost with the machine; what is acted upon must not be.
#[tokio::test]
async fn whoever_takes_an_account_over_has_its_rows_on_disk_first() {
    let story = Story::new(NEVER).await;
    story.killed_at("leaving").await;
    let kept = async || {
        let elsewhere = folder();
        let copy = elsewhere.path().join("williw.db");
        std::fs::copy(&story.order.database, &copy).unwrap();
        let outbox = open(&copy).await;
        let kept = outbox.intents(Which::default(), 9).await.unwrap();
        outbox.close().await;
        kept
    };
    assert_eq!(kept().await, [], "it is in the log only");
    story.act(async |_| Ok(())).await.unwrap();
    assert_eq!(kept().await, [story.latest().await]);
}

/// For as long as endpoints do not agree the command waits; then it fails, and what was signed is kept.
#[tokio::test]
async fn endpoints_that_do_not_agree_for_a_moment_are_waited_for() {
    let mut story = Story::new(NEVER).await;
    story.killed_at("sent").await;
    story.order.rpcs = story.chain.urls(2);
    story.chain.posts[1].lie(Lie::Nonce(5), 3);
    let why = story.fails().await;
    assert!(matches!(why, OutboxError::AskedBefore { .. }), "{why}");
    story.chain.posts[1].lie(Lie::Cut, ALWAYS);
    let why = story.fails().await;
    assert!(matches!(why, OutboxError::Send(SendError::Chain(ChainError::NoQuorum { .. }))), "{why}");
    assert_eq!(story.outbox.intents(Which::default(), 9).await.unwrap().len(), 1);
}
