//! The two programs that `scripts/soak disk` runs on an outbox: one writes while the disk fails, the other looks at what is
//! left.
//!
//! Both know the [`plan`], so the writer only tells how far it came, and what has to be there follows from that.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId};
use williw_core::outbox::{
    Fees, Inclusion, IntentId, Outcome, Pin, Place, Purpose, Sight, Stage, Trail, TransactionName, Unsent, Wei,
};
use williw_store::{Asked, Attempt, Intent, Outbox, StoreError, Which};

use crate::made::blank;

/// Where the file is.
const PATH: &str = "WILLIW_STORE_TEST_PATH";
/// How many writes the writer said that it had done.
const TOLD: &str = "WILLIW_STORE_TEST_TOLD";
const PAYER: Account = Account([5; 32]);
/// Longer than a page of the file, so that there could be a half of it.
const SIGNED_BYTES: usize = 6_000;

/// A call of the outbox that writes.
#[derive(Clone, Debug)]
enum Write {
    Intend(Vec<Asked>),
    Sign(IntentId, Attempt, Stage),
    Note(IntentId, Stage),
    Tell(Vec<IntentId>),
}

fn asked(chain: ChainId, what: &str) -> Asked {
    let (target, input, asked) = (Account([6; 32]), vec![1; 100], UnixSeconds(1_000));
    Asked { chain, account: PAYER, target, input, value: u128::MAX, what: what.to_owned(), asked }
}

/// Attempt `nth` of everything that is signed here.
fn attempt(chain: ChainId, nth: u8, purpose: Purpose) -> Attempt {
    let (fees, name) = match chain {
        ChainId::Base => {
            (Some(Fees { max: Wei(u128::from(nth)), tip: Wei(1) }), TransactionName::Base(Hash([nth; 32])))
        }
        ChainId::Solana => (None, TransactionName::Solana([nth; 64])),
    };
    Attempt { purpose, fees, name, bytes: vec![nth; SIGNED_BYTES], signed: UnixSeconds(u64::from(nth)) }
}

fn block(height: u64) -> Place {
    Place { height: Height(height), hash: Hash([9; 32]) }
}

fn included(attempt: u32, purpose: Purpose) -> Sight {
    Sight::Included(Inclusion { attempt, purpose, place: block(50), succeeded: true })
}

/// How far an intent has come of which `attempts` transactions were signed and this was seen since.
fn stage(pin: Pin, attempts: u32, seen: Option<Sight>) -> Stage {
    let trail = Trail { pin, attempts, free_at: Height(40) };
    match seen {
        None => Stage::Signed(trail),
        Some(Sight::Open(free_at)) => Stage::Signed(Trail { free_at, ..trail }),
        Some(Sight::Included(inclusion)) => Stage::Included(trail, inclusion),
        Some(Sight::Spent(place)) => Stage::Spent(trail, place),
    }
}

/// Every kind of write, and after each something that depends on it.
fn plan() -> Vec<Write> {
    let (first, second, third) = (IntentId(1), IntentId(2), IntentId(3));
    let (one, other) = (Pin::Nonce(7), Pin::Nonce(8));
    let blockhash = Pin::Blockhash { blockhash: Hash([3; 32]), last_valid: Height(70) };
    let (call, cancel) = (Purpose::Call, Purpose::Cancel);
    let base = |nth, purpose| attempt(ChainId::Base, nth, purpose);
    let done = Inclusion { attempt: 2, purpose: call, place: block(51), succeeded: true };
    vec![
        Write::Intend(vec![asked(ChainId::Base, "approve"), asked(ChainId::Base, "stake")]),
        Write::Sign(first, base(1, call), stage(one, 1, None)),
        Write::Note(first, stage(one, 1, Some(included(1, call)))),
        Write::Tell(vec![first]),
        // Reorganised away, and outbid.
        Write::Note(first, stage(one, 1, Some(Sight::Open(Height(52))))),
        Write::Sign(first, base(2, call), stage(one, 2, None)),
        Write::Note(first, Stage::Settled(Outcome::Done(done))),
        Write::Sign(second, base(3, call), stage(other, 1, None)),
        Write::Sign(second, base(4, cancel), stage(other, 2, None)),
        Write::Note(second, stage(other, 2, Some(Sight::Spent(block(60))))),
        Write::Note(second, Stage::Settled(Outcome::Overtaken(block(60)))),
        Write::Tell(vec![first, second]),
        Write::Intend(vec![asked(ChainId::Solana, "pay"), asked(ChainId::Base, "pay")]),
        Write::Sign(third, attempt(ChainId::Solana, 5, call), stage(blockhash, 1, None)),
        Write::Note(IntentId(4), Stage::Settled(Outcome::NotSent(Unsent::Interrupted))),
    ]
}

/// What a write comes to, by the book.
fn apply(intents: &mut Vec<Intent>, write: &Write) {
    let index = |id: &IntentId| usize::try_from(id.0).unwrap() - 1;
    let note = |intent: &mut Intent, stage: Stage| {
        intent.stage = stage;
        intent.told &= !matches!(stage, Stage::Signed(_));
    };
    match write {
        Write::Intend(calls) => {
            for (id, call) in (intents.len() as u64 + 1..).map(IntentId).zip(calls.clone()) {
                let (stage, attempts) = (Stage::Intended, Vec::new());
                intents.push(Intent { id, call, stage, pin: None, attempts, told: false });
            }
        }
        Write::Sign(id, attempt, stage) => {
            let intent = &mut intents[index(id)];
            intent.pin = stage.trail().map(|trail| trail.pin);
            intent.attempts.push(attempt.clone());
            note(intent, *stage);
        }
        Write::Note(id, stage) => note(&mut intents[index(id)], *stage),
        Write::Tell(ids) => ids.iter().for_each(|id| intents[index(id)].told = true),
    }
}

fn after(writes: usize) -> Vec<Intent> {
    let mut intents = Vec::new();
    plan().iter().take(writes).for_each(|write| apply(&mut intents, write));
    intents
}

async fn perform(outbox: &Outbox, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::Intend(calls) => outbox.intend(calls).await.map(drop),
        Write::Sign(id, attempt, stage) => outbox.sign(*id, attempt, *stage).await,
        Write::Note(id, stage) => outbox.note(*id, *stage).await,
        Write::Tell(ids) => outbox.tell(ids).await,
    }
}

/// All intents, the first in front.
async fn found(outbox: &Outbox) -> Result<Vec<Intent>, StoreError> {
    let mut intents = outbox.intents(Which::default(), williw_store::INTENTS_CAP).await?;
    intents.reverse();
    Ok(intents)
}

fn path() -> Option<PathBuf> {
    std::env::var_os(PATH).map(PathBuf::from)
}

/// Carries the plan out and says so, a line for each write. One that fails is not there as long as this runs, and is tried
/// once more.
#[expect(clippy::print_stdout, reason = "its output is how it tells what was written")]
async fn write(path: &Path) -> Result<(), StoreError> {
    let outbox = Outbox::open(path, &blank()).await?;
    for (nth, write) in plan().iter().enumerate() {
        if let Err(error) = perform(&outbox, write).await {
            println!("failed {nth}: {error}");
            assert_eq!(found(&outbox).await?, after(nth), "what the disk did not confirm is shown");
            perform(&outbox, write).await?;
        }
        println!("written {nth}");
    }
    outbox.close().await;
    Ok(())
}

/// Requires that no row lacks another that it depends on: such rows need not show among the intents.
async fn require_whole(path: &Path, intents: &[Intent]) {
    let mut shell = SqliteConnectOptions::new().filename(path).read_only(true).connect().await.unwrap();
    let mut number = async |question: &'static str| {
        sqlx::query(AssertSqlSafe(question)).fetch_one(&mut shell).await.unwrap().get::<i64, _>(0)
    };
    assert_eq!(number("select count(*) from pragma_foreign_key_check").await, 0, "rows that refer to none");
    let signed = intents.iter().filter(|intent| !intent.attempts.is_empty()).count();
    let attempts: usize = intents.iter().map(|intent| intent.attempts.len()).sum();
    for (question, expected) in [
        ("select count(*) from intent", intents.len()),
        ("select count(*) from course", intents.len()),
        ("select count(*) from pin", signed),
        ("select count(*) from attempt", attempts),
    ] {
        assert_eq!(number(question).await, i64::try_from(expected).unwrap(), "{question}");
    }
}

/// Requires that nothing takes back what was signed.
async fn require_signed_stays(outbox: &Outbox, intents: &[Intent]) {
    for intent in intents.iter().filter(|intent| !intent.attempts.is_empty()) {
        let other = attempt(intent.call.chain, 100, Purpose::Call);
        let again = stage(intent.pin.unwrap(), 1, None);
        outbox.sign(intent.id, &other, again).await.unwrap_err();
        outbox.note(intent.id, Stage::Intended).await.unwrap_err();
        outbox.note(intent.id, Stage::Settled(Outcome::NotSent(Unsent::Interrupted))).await.unwrap_err();
    }
    assert_eq!(found(outbox).await.unwrap(), intents);
}

#[tokio::test]
#[ignore = "scripts/soak disk starts it as a process of its own"]
async fn a_child_that_writes_while_the_disk_fails() {
    let Some(path) = path() else { return };
    println!();
    if let Err(error) = write(&path).await {
        println!("error: {error}");
        // Nothing is tidied up, as by a command that ends at once.
        std::process::exit(1);
    }
}

#[tokio::test]
#[ignore = "scripts/soak disk starts it as a process of its own"]
async fn a_child_that_finds_what_was_written() {
    let (Some(path), Ok(told)) = (path(), std::env::var(TOLD)) else { return };
    let told: usize = told.parse().unwrap();
    let outbox = Outbox::open(&path, &blank()).await.unwrap();
    outbox.confirm().await.unwrap();
    let intents = found(&outbox).await.unwrap();
    // The write that failed last may be there as a whole.
    let written = if intents == after(told) { told } else { told + 1 };
    assert_eq!(intents, after(written), "of {told} writes");
    println!("found {written}");
    require_whole(&path, &intents).await;
    require_signed_stays(&outbox, &intents).await;
    // It goes on.
    let ids = outbox.intend(&[asked(ChainId::Base, "go on")]).await.unwrap();
    let next = stage(Pin::Nonce(100), 1, None);
    outbox.sign(ids[0], &attempt(ChainId::Base, 101, Purpose::Call), next).await.unwrap();
    assert_eq!(outbox.pinned(ChainId::Base, PAYER, 100).await.unwrap(), Some(ids[0]));
    println!("goes on");
    outbox.close().await;
}
