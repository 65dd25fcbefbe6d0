//! Endpoints that name false numbers: one of three moves neither what is signed nor when it counts as gone.

use serde_json::{Value, json};
use williw_chain::send::SendError;
use williw_chain::solana::send::{COMPUTE_CAP, PRICE_CAP};
use williw_chain::verb::Verb;
use williw_core::amount::Amount;
use williw_core::identity::Account;
use williw_core::outbox::{Outcome, Pin, Stage};
use williw_daemon::outbox::{OutboxError, Sent};

use super::network::MIN_STAKE;
use super::story::Story;

/// How far the last valid height of a blockhash is above that of its block.
const VALID_FOR: u64 = 150;

/// Slots that are slow enough for what is said once to stay near the truth.
const SLOW_SLOT_MS: u64 = 500;

/// The last final block.
struct Final {
    slot: u64,
    height: u64,
    blockhash: String,
}

impl Final {
    /// What `getLatestBlockhash` says where this is the last one.
    fn shown(&self) -> Value {
        let last_valid = self.height.saturating_add(VALID_FOR);
        let value = json!({ "blockhash": self.blockhash, "lastValidBlockHeight": last_valid });
        json!({ "context": { "slot": self.slot }, "value": value })
    }
}

impl Story {
    /// Makes an endpoint, counted from 1, answer every call of a method with these words.
    async fn falsify(&self, position: usize, method: &str, result: Value) {
        self.chain.net.lie(position, "false_answer", json!({ "method": method, "result": result })).await;
    }

    async fn last_final(&self) -> Final {
        let latest: Value = self.chain.net.ask("getLatestBlockhash", json!([{ "commitment": "finalized" }])).await;
        Final {
            slot: latest["context"]["slot"].as_u64().unwrap(),
            height: latest["value"]["lastValidBlockHeight"].as_u64().unwrap() - VALID_FOR,
            blockhash: latest["value"]["blockhash"].as_str().unwrap().to_owned(),
        }
    }

    /// The blockhash of what was signed last, and through which height it is taken to be valid.
    async fn pin(&self) -> (String, u64) {
        let pin = self.latest().await.pin.unwrap();
        let Pin::Blockhash { blockhash, last_valid } = pin else { panic!("{pin:?}") };
        (Account(blockhash.0).base58(), last_valid.0)
    }

    /// The compute units that what was signed last may take, and what it offers for a million of them.
    async fn budget(&self) -> (u32, u64) {
        let bytes = self.latest().await.attempts[0].bytes.clone();
        // Behind one signature and three numbers come the keys, the blockhash, and how many instructions there are.
        let keys = usize::from(bytes[68]);
        let [_, _, 0, 5, 2, rest @ ..] = &bytes[69 + 32 * keys + 32..] else { panic!("no limit: {bytes:?}") };
        let (limit, rest) = rest.split_first_chunk().unwrap();
        let [_, 0, 9, 3, rest @ ..] = rest else { panic!("no price: {bytes:?}") };
        (u32::from_le_bytes(*limit), u64::from_le_bytes(*rest.first_chunk().unwrap()))
    }

    /// Sends it with a blockhash that no earlier one had.
    async fn send_anew(&self) -> Sent {
        self.chain.net.advance(1).await;
        self.send().await.unwrap()
    }
}

fn is_named(sent: &Sent, position: usize, what: &str) -> bool {
    sent.faults.0.iter().any(|(name, fault)| name.position == position && fault.to_string().contains(what))
}

#[tokio::test]
async fn one_of_three_that_names_a_false_height_neither_hastens_an_end_nor_puts_it_off() {
    for height in [0, u64::MAX] {
        let story = Story::new(3).await;
        story.chain.drop(1_000).await;
        story.killed_at("sent").await;
        story.falsify(2, "getBlockHeight", json!(height)).await;
        let left = story.tended().await;
        assert!(matches!(left[0].stage, Stage::Signed(_)), "{height}: {:?}", left[0].stage);
        story.chain.expire().await;
        story.rest().await;
        let stage = story.latest().await.stage;
        assert!(matches!(stage, Stage::Settled(Outcome::Expired(_))), "{height}: {stage:?}");
        assert_eq!(story.times().await, 0);
    }
}

#[tokio::test]
async fn one_of_three_that_hands_out_a_dead_or_unknown_blockhash_is_not_followed() {
    let story = Story::new(3).await;
    let dead = story.last_final().await.blockhash;
    story.chain.expire().await;
    let mut times = 0;
    for blockhash in [dead, Account([7; 32]).base58()] {
        // What it hands out is newer than all others, or of the two newest the older one, which is asked about first.
        for ahead in [60, 0] {
            let truth = story.last_final().await;
            if ahead == 0 {
                let hold = json!({ "face": 0, "commitment": "finalized", "at": truth.slot - 20 });
                story.chain.net.control("hold", hold).await;
            }
            let told = Final { slot: truth.slot + ahead, blockhash: blockhash.clone(), ..truth };
            story.falsify(3, "getLatestBlockhash", told.shown()).await;
            let valid = json!({ "context": { "slot": told.slot }, "value": true });
            story.falsify(3, "isBlockhashValid", valid).await;
            story.send_anew().await;
            times += 1;
            assert_eq!(story.times().await, times);
            assert_ne!(story.pin().await.0, blockhash);
            story.honest(&[3]).await;
            story.chain.net.control("release_all", json!({})).await;
        }
    }
}

#[tokio::test]
async fn one_of_three_that_is_behind_with_its_height_makes_no_blockhash_too_old_too_early() {
    let story = Story::with_slots_of(SLOW_SLOT_MS, 3).await;
    story.chain.drop(1_000).await;
    let truth = story.last_final().await;
    // Near enough to be believed, of a slot that nobody has come to yet.
    let told = Final { slot: truth.slot + 100, height: truth.height - 100, blockhash: truth.blockhash };
    story.falsify(3, "getLatestBlockhash", told.shown()).await;
    story.killed_at("sent").await;
    let (_, last_valid) = story.pin().await;
    assert!(last_valid >= truth.height + VALID_FOR, "{last_valid} of {}", truth.height);
    // Whoever believed it would sign anew now. But there is time left, and it happens.
    story.chain.net.advance(60).await;
    assert!(story.last_final().await.height > told.height + VALID_FOR);
    let left = story.tended().await;
    assert!(matches!(left[0].stage, Stage::Signed(_)), "{:?}", left[0].stage);
    story.chain.drop(0).await;
    story.rest().await;
    let stage = story.latest().await.stage;
    assert!(matches!(stage, Stage::Settled(Outcome::Done(_))), "{stage:?}");
    assert_eq!(story.times().await, 1);
}

#[tokio::test]
async fn one_of_three_that_is_ahead_with_its_height_does_not_keep_an_intent_from_its_end() {
    let story = Story::with_slots_of(SLOW_SLOT_MS, 3).await;
    story.chain.drop(1_000).await;
    let truth = story.last_final().await;
    let told = Final { slot: truth.slot + 100, height: truth.height + 100, blockhash: truth.blockhash };
    story.falsify(3, "getLatestBlockhash", told.shown()).await;
    story.killed_at("sent").await;
    story.chain.expire().await;
    story.rest().await;
    let stage = story.latest().await.stage;
    assert!(matches!(stage, Stage::Settled(Outcome::Expired(_))), "{stage:?}");
    assert_eq!(story.times().await, 0);
}

#[tokio::test]
async fn one_of_three_whose_final_height_cannot_be_is_named_and_not_counted() {
    let story = Story::new(3).await;
    for height in [0, u64::MAX] {
        let truth = story.last_final().await;
        let told = Final { slot: truth.slot + 60, height, blockhash: truth.blockhash };
        story.falsify(3, "getLatestBlockhash", told.shown()).await;
        let sent = story.send_anew().await;
        assert!(is_named(&sent, 3, "the final block height"), "{height}: {}", sent.faults);
        let (_, last_valid) = story.pin().await;
        let now = story.last_final().await.height;
        let honest = truth.height + VALID_FOR..=now + VALID_FOR;
        assert!(honest.contains(&last_valid), "{height}: {last_valid} of {honest:?}");
    }
}

#[tokio::test]
async fn one_of_three_that_lies_about_a_trial_changes_nothing() {
    let story = Story::new(3).await;
    let tried = |err: Value, units: u64| {
        let value = json!({ "err": err, "logs": [], "unitsConsumed": units });
        json!({ "context": { "slot": 1 }, "value": value })
    };
    // From the second one on all take the same.
    story.send_anew().await;
    story.send_anew().await;
    let honest = story.budget().await;
    let custom = json!({ "InstructionError": [2, { "Custom": 6_000 }] });
    let lies = [
        (tried(custom, 20_000), Some("whether the call goes through")),
        (tried(Value::Null, 0), None),
        (tried(Value::Null, COMPUTE_CAP.into()), None),
        (tried(Value::Null, u64::MAX), Some("the compute units of the call")),
    ];
    for (told, named) in lies {
        story.falsify(3, "simulateTransaction", told.clone()).await;
        let sent = story.send_anew().await;
        assert_eq!(story.budget().await, honest, "{told}");
        assert_eq!(sent.faults.0.is_empty(), named.is_none(), "{told}: {}", sent.faults);
        assert!(named.is_none_or(|what| is_named(&sent, 3, what)), "{told}: {}", sent.faults);
    }
    assert_eq!(story.times().await, 6);
    // Nor does it help against what the others refuse.
    story.falsify(3, "simulateTransaction", tried(Value::Null, 20_000)).await;
    let too_much = Verb::Unstake { amount: Amount(u128::from(MIN_STAKE * 1_000)) };
    let why = story.does(&too_much).await.unwrap_err();
    assert!(matches!(why, OutboxError::Send(SendError::Refused { .. })), "{why}");
}

#[tokio::test]
async fn one_of_three_that_names_an_enormous_fee_does_not_raise_the_price_and_two_not_above_the_cap() {
    const USUAL: u64 = 5_000;
    const METHOD: &str = "getRecentPrioritizationFees";
    let story = Story::new(3).await;
    let fees = |fee: u64| json!([{ "slot": 1, "prioritizationFee": fee }]);
    for position in [2, 3] {
        story.falsify(position, METHOD, fees(USUAL)).await;
    }
    for (position, fee, price) in
        [(1, u64::MAX, USUAL), (1, PRICE_CAP + 1, USUAL), (1, 0, USUAL), (2, u64::MAX, USUAL), (1, u64::MAX, PRICE_CAP)]
    {
        story.falsify(position, METHOD, fees(fee)).await;
        story.send_anew().await;
        assert_eq!(story.budget().await.1, price, "{position} {fee}");
    }
    assert_eq!(story.times().await, 5);
}
