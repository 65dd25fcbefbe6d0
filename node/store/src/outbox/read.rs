//! Intents on their way back.

use sqlx::SqliteConnection;
use williw_core::cycle::Height;
use williw_core::identity::{Account, ChainId};
use williw_core::outbox::{Fees, IntentId, Pin, Purpose, Trail, TransactionName, Wei};

use super::columns::{self, Course, id_number};
use super::{Asked, Attempt, Intent, Which};
use crate::error::{StoreError, failed};
use crate::row::{Hex, Row, number};

pub(super) async fn intents(
    connection: &mut SqliteConnection,
    which: Which,
    only: Option<IntentId>,
    limit: u32,
) -> Result<Vec<Intent>, StoreError> {
    let only = only.map(id_number).transpose()?;
    let (chain, account) = which.account.map(|(chain, account)| (number(chain), account.0.to_vec())).unzip();
    let before = if which.unsettled { columns::SETTLED } else { i64::MAX };
    let rows = sqlx::query!(
        r#"select intent.id as "id!", intent.chain as "chain!", intent.account as "account!", intent.target as "target!",
            intent.input as "input!", intent.value as "value!", intent.what as "what!", intent.asked as "asked!",
            stage as "stage!", attempt, height, hash, succeeded, unsent, free_at, told as "told!", nonce as "nonce?",
            blockhash as "blockhash?", last_valid as "last_valid?"
        from intent join course on course.intent = intent.id left join pin on pin.intent = intent.id
        where (?1 is null or intent.id = ?1) and (?2 is null or intent.chain = ?2) and (?3 is null or intent.account = ?3)
            and stage < ?4
        order by intent.id desc limit ?5"#,
        only,
        chain,
        account,
        before,
        limit
    );
    let rows = rows.fetch_all(&mut *connection).await.map_err(failed("reading intents"))?;
    let mut intents = Vec::with_capacity(rows.len());
    for columns in rows {
        let id = u64::try_from(columns.id).expect("the table checks that it is positive");
        let row = Row { table: "intent", key: id };
        let chain = row.chain(columns.chain)?;
        let attempts = attempts(connection, columns.id, chain).await?;
        let pin = pin(&row, columns.nonce, columns.blockhash, columns.last_valid)?;
        let purposes: Vec<Purpose> = attempts.iter().map(|attempt| attempt.purpose).collect();
        let count = u32::try_from(attempts.len()).map_err(|_| row.corrupt("it has too many attempts"))?;
        let course = Course {
            stage: columns.stage,
            attempt: columns.attempt,
            height: columns.height,
            hash: columns.hash,
            succeeded: columns.succeeded,
            unsent: columns.unsent,
            free_at: columns.free_at,
        };
        let free_at = course.free_at.as_deref().map(|height| row.height("free_at", height)).transpose()?;
        let free_at = free_at.unwrap_or(Height(0));
        let trail = pin.filter(|_| count > 0).map(|pin| Trail { pin, attempts: count, free_at });
        intents.push(Intent {
            id: IntentId(id),
            call: Asked {
                chain,
                account: row.account("account", &columns.account)?,
                target: row.account("target", &columns.target)?,
                input: columns.input,
                value: row.amount("value", &columns.value)?.0,
                what: columns.what,
                asked: row.time("asked", &columns.asked)?,
            },
            stage: course.read(&row, trail, &purposes)?,
            pin,
            attempts,
            told: columns.told == 1,
        });
    }
    Ok(intents)
}

fn pin(
    row: &Row<u64>,
    nonce: Option<Vec<u8>>,
    blockhash: Option<Vec<u8>>,
    last_valid: Option<Vec<u8>>,
) -> Result<Option<Pin>, StoreError> {
    match (nonce, blockhash, last_valid) {
        (None, None, None) => Ok(None),
        (Some(nonce), None, None) => Ok(Some(Pin::Nonce(row.number("nonce", &nonce)?))),
        (None, Some(blockhash), Some(last_valid)) => Ok(Some(Pin::Blockhash {
            blockhash: row.hash("blockhash", &blockhash)?,
            last_valid: row.height("last_valid", &last_valid)?,
        })),
        _ => Err(row.corrupt("its pin is of two chains")),
    }
}

async fn attempts(connection: &mut SqliteConnection, intent: i64, chain: ChainId) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query!(
        "select nth, purpose, max_fee, tip, name, bytes, signed from attempt where intent = ? order by nth",
        intent
    );
    let rows = rows.fetch_all(connection).await.map_err(failed("reading attempts"))?;
    let row = Row { table: "attempt", key: u64::try_from(intent).expect("the table checks that it is positive") };
    let mut attempts = Vec::with_capacity(rows.len());
    for (nth, columns) in (1_i64..).zip(rows) {
        if columns.nth != nth {
            return Err(row.corrupt(format_args!("attempt {nth} is missing")));
        }
        let name = match chain {
            ChainId::Base => TransactionName::Base(row.hash("name", &columns.name)?),
            ChainId::Solana => TransactionName::Solana(row.bytes("name", &columns.name)?),
        };
        let wei = |column, bytes: Option<Vec<u8>>| {
            bytes.map(|bytes| row.amount(column, &bytes).map(|amount| Wei(amount.0))).transpose()
        };
        let fees = wei("max_fee", columns.max_fee)?.zip(wei("tip", columns.tip)?);
        attempts.push(Attempt {
            purpose: columns::purpose(&row, columns.purpose)?,
            fees: fees.map(|(max, tip)| Fees { max, tip }),
            name,
            bytes: columns.bytes,
            signed: row.time("signed", &columns.signed)?,
        });
    }
    Ok(attempts)
}

pub(super) async fn unsettled_accounts(
    connection: &mut SqliteConnection,
    chain: ChainId,
) -> Result<Vec<Account>, StoreError> {
    let chain = number(chain);
    let rows = sqlx::query_scalar!(
        "select distinct account from course join intent on intent.id = course.intent where stage < 5 and chain = ?
        order by account",
        chain
    );
    let rows = rows.fetch_all(connection).await.map_err(failed("reading intents"))?;
    let account = |bytes: &Vec<u8>| Row { table: "intent", key: Hex(bytes) }.account("account", bytes);
    rows.iter().map(account).collect()
}

pub(super) async fn pinned(
    connection: &mut SqliteConnection,
    chain: ChainId,
    account: Account,
    nonce: u64,
) -> Result<Option<IntentId>, StoreError> {
    let (chain, account, nonce) = (number(chain), &account.0[..], &nonce.to_be_bytes()[..]);
    let found = sqlx::query_scalar!(
        "select intent from pin where chain = ? and account = ? and nonce = ?",
        chain,
        account,
        nonce
    );
    let found = found.fetch_optional(connection).await.map_err(failed("reading pins"))?;
    Ok(found.map(|id| IntentId(u64::try_from(id).expect("the table checks that it is positive"))))
}
