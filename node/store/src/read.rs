//! The checkpoint on its way back: rows to the values that the census held when it wrote them.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;
use williw_core::census::Checkpoint;
use williw_core::identity::{Account, ChainId, Owner, Signer};
use williw_core::journal::Head;
use williw_core::ledger::{Change, JournalEnd, Ledger, Operator};
use williw_core::link::Link;
use williw_core::offence::Evidence;
use williw_core::reputation::{Reputation, Score};
use williw_core::tenure::Tenure;

use crate::error::{StoreError, failed};
use crate::row::{Hex, Row, StakeColumns, number};

mod books;

const DOING: &str = "reading the checkpoint";

/// Reads all of it; `connection` is in a transaction, or a batch could come in between.
pub(crate) async fn checkpoint(connection: &mut SqliteConnection, blank: &Ledger) -> Result<Checkpoint, StoreError> {
    let mut ledger = blank.clone();
    for (chain, before) in blank.chains() {
        ledger.commit(&Change {
            chain,
            books: books::read(connection, chain, before.site).await?,
            operators: operators(connection, chain).await?,
            signers: tenures(connection, chain).await?,
            journals: journal_ends(connection, chain).await?,
            facts: Vec::new(),
        });
    }
    let reputation = reputations(connection).await?;
    let evidence = evidence(connection).await?;
    Ok(Checkpoint { ledger, reputation, evidence })
}

struct OperatorRow {
    account: Vec<u8>,
    idx: Vec<u8>,
    journal: Vec<u8>,
    active: Vec<u8>,
    queued: Vec<u8>,
    link_peer: Option<Vec<u8>>,
    link_signer: Option<Vec<u8>>,
    signer: Vec<u8>,
    nonce: Vec<u8>,
    term: Vec<u8>,
    jailed_height: Option<Vec<u8>>,
    jailed_time: Option<Vec<u8>>,
    counted: Vec<u8>,
    floor: Vec<u8>,
    floor_prev: Vec<u8>,
    cycle: Vec<u8>,
    changed: Vec<u8>,
}

async fn operators(connection: &mut SqliteConnection, chain: ChainId) -> Result<BTreeMap<Owner, Operator>, StoreError> {
    let chain_number = number(chain);
    let rows = sqlx::query_as!(
        OperatorRow,
        "select account, idx, journal, active, queued, link_peer, link_signer, signer, nonce, term, jailed_height,
            jailed_time, counted, floor, floor_prev, cycle, changed
        from operator where chain = ?",
        chain_number
    );
    let rows = rows.fetch_all(connection).await.map_err(failed(DOING))?;
    rows.iter().map(|columns| operator(chain, columns)).collect()
}

fn operator(chain: ChainId, columns: &OperatorRow) -> Result<(Owner, Operator), StoreError> {
    let row = Row { table: "operator", key: format!("{chain} {}", Hex(&columns.account)) };
    let link = match (&columns.link_peer, &columns.link_signer) {
        (Some(peer), Some(signer)) => {
            Some(Link::read_back(row.peer("link_peer", peer)?, row.signer("link_signer", signer)?))
        }
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(row.corrupt("it has half a link")),
    };
    let jailed = match (&columns.jailed_height, &columns.jailed_time) {
        (Some(height), Some(time)) => Some(row.point(["jailed_height", "jailed_time"], height, time)?),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(row.corrupt("it was jailed in half a block")),
    };
    let stake = StakeColumns {
        value: &columns.counted,
        floor: &columns.floor,
        floor_prev: &columns.floor_prev,
        cycle: &columns.cycle,
    };
    let operator = Operator {
        index: row.number("idx", &columns.idx)?,
        journal: row.account("journal", &columns.journal)?,
        active: row.amount("active", &columns.active)?,
        queued: row.amount("queued", &columns.queued)?,
        link,
        signer: row.signer("signer", &columns.signer)?,
        nonce: row.number("nonce", &columns.nonce)?,
        term: row.number("term", &columns.term)?,
        jailed,
        stake: row.stake("counted", stake)?,
        changed: row.height("changed", &columns.changed)?,
    };
    Ok((Owner { chain, account: row.account("account", &columns.account)? }, operator))
}

async fn tenures(
    connection: &mut SqliteConnection,
    chain: ChainId,
) -> Result<BTreeMap<(ChainId, Signer), Tenure>, StoreError> {
    let chain_number = number(chain);
    let rows = sqlx::query!(
        "select signer, account, from_cycle, through_cycle, term from tenure where chain = ?",
        chain_number
    );
    let rows = rows.fetch_all(connection).await.map_err(failed(DOING))?;
    let mut tenures = BTreeMap::new();
    for columns in rows {
        let row = Row { table: "tenure", key: format!("{chain} {}", Hex(&columns.signer)) };
        let through = columns.through_cycle.map(|through| row.cycle("through_cycle", &through)).transpose()?;
        let tenure = Tenure {
            owner: Owner { chain, account: row.account("account", &columns.account)? },
            from: row.cycle("from_cycle", &columns.from_cycle)?,
            through,
            term: row.number("term", &columns.term)?,
        };
        tenures.insert((chain, row.signer("signer", &columns.signer)?), tenure);
    }
    Ok(tenures)
}

async fn journal_ends(
    connection: &mut SqliteConnection,
    chain: ChainId,
) -> Result<BTreeMap<(ChainId, Account), JournalEnd>, StoreError> {
    let chain_number = number(chain);
    let rows = sqlx::query!(
        "select journal, seq, hash, last_height, last_time from journal_end where chain = ?",
        chain_number
    );
    let rows = rows.fetch_all(connection).await.map_err(failed(DOING))?;
    let mut ends = BTreeMap::new();
    for columns in rows {
        let row = Row { table: "journal_end", key: format!("{chain} {}", Hex(&columns.journal)) };
        let head = Head { seq: row.number("seq", &columns.seq)?, hash: row.hash("hash", &columns.hash)? };
        let last = row.point(["last_height", "last_time"], &columns.last_height, &columns.last_time)?;
        ends.insert((chain, row.account("journal", &columns.journal)?), JournalEnd { head, last });
    }
    Ok(ends)
}

async fn reputations(connection: &mut SqliteConnection) -> Result<BTreeMap<Owner, Reputation>, StoreError> {
    let rows = sqlx::query!("select chain, account, score, as_of from reputation");
    let rows = rows.fetch_all(connection).await.map_err(failed(DOING))?;
    let mut reputations = BTreeMap::new();
    for columns in rows {
        let row = Row { table: "reputation", key: format!("{} {}", columns.chain, Hex(&columns.account)) };
        let owner = Owner { chain: row.chain(columns.chain)?, account: row.account("account", &columns.account)? };
        let as_of = row.time("as_of", &columns.as_of)?;
        reputations.insert(owner, Reputation::read_back(Score(columns.score), as_of));
    }
    Ok(reputations)
}

async fn evidence(connection: &mut SqliteConnection) -> Result<BTreeMap<Owner, Evidence>, StoreError> {
    let rows = sqlx::query!("select chain, account, packed from evidence");
    let rows = rows.fetch_all(connection).await.map_err(failed(DOING))?;
    let mut pieces = BTreeMap::new();
    for columns in rows {
        let row = Row { table: "evidence", key: format!("{} {}", columns.chain, Hex(&columns.account)) };
        let owner = Owner { chain: row.chain(columns.chain)?, account: row.account("account", &columns.account)? };
        let piece = Evidence::decode(&columns.packed).map_err(|fault| row.corrupt(fault))?;
        pieces.insert(owner, piece);
    }
    Ok(pieces)
}
