//! The journal as others read it: from a place on, or about one owner.

use sqlx::SqliteConnection;
use williw_core::fact::{Body, Fact};
use williw_core::identity::{ChainId, Owner};

use crate::error::{StoreError, failed};
use crate::row::{Row, number};

/// The most facts that one question gets. Whoever wants more asks again from the last place on.
pub const FACTS_CAP: u32 = 10_000;

/// Where a fact stands in the record of its chain. The first is 1, and there are no gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u64);

/// A fact in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub place: Place,
    pub fact: Fact,
}

struct FactRow {
    place: i64,
    journal: Vec<u8>,
    seq: Vec<u8>,
    time: Vec<u8>,
    height: Vec<u8>,
    kind: i64,
    account: Option<Vec<u8>>,
    body: Vec<u8>,
}

pub(crate) async fn after(
    connection: &mut SqliteConnection,
    chain: ChainId,
    after: Place,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    // No row lies beyond the largest integer of SQLite.
    let after = i64::try_from(after.0).unwrap_or(i64::MAX);
    let (chain_number, limit) = (number(chain), limit.min(FACTS_CAP));
    let rows = sqlx::query_as!(
        FactRow,
        "select place, journal, seq, time, height, kind, account, body from fact
        where chain = ? and place > ? order by place limit ?",
        chain_number,
        after,
        limit
    );
    let rows = rows.fetch_all(connection).await.map_err(failed("reading facts"))?;
    rows.into_iter().map(|row| entry(chain, &row)).collect()
}

pub(crate) async fn about(
    connection: &mut SqliteConnection,
    owner: Owner,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let (chain_number, account, limit) = (number(owner.chain), &owner.account.0[..], limit.min(FACTS_CAP));
    let rows = sqlx::query_as!(
        FactRow,
        "select place, journal, seq, time, height, kind, account, body from fact
        where chain = ? and account = ? order by place desc limit ?",
        chain_number,
        account,
        limit
    );
    let rows = rows.fetch_all(connection).await.map_err(failed("reading facts"))?;
    rows.into_iter().map(|row| entry(owner.chain, &row)).collect()
}

fn entry(chain: ChainId, columns: &FactRow) -> Result<Entry, StoreError> {
    let row = Row { table: "fact", key: format!("{chain} {}", columns.place) };
    let place = u64::try_from(columns.place).map_err(|_| row.corrupt("a place is not negative"))?;
    let kind = u8::try_from(columns.kind).map_err(|_| row.corrupt(format_args!("{} is no kind", columns.kind)))?;
    let fact = Fact {
        chain,
        journal: row.account("journal", &columns.journal)?,
        seq: row.number("seq", &columns.seq)?,
        time: row.time("time", &columns.time)?,
        height: row.height("height", &columns.height)?,
        body: Body::decode(chain, kind, &columns.body).map_err(|fault| row.corrupt(fault))?,
    };
    // The column only repeats what the body says, so that it can be searched for.
    if fact.body.account().as_ref().map(|account| &account.0[..]) != columns.account.as_deref() {
        return Err(row.corrupt("its account is not the one in its body"));
    }
    Ok(Entry { place: Place(place), fact })
}
