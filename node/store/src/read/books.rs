//! The rows of a chain as a whole, back into its books.

use sqlx::SqliteConnection;
use williw_core::amount::Bps;
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::identity::ChainId;
use williw_core::journal::Site;
use williw_core::ledger::{ChainBooks, PostedRoot};
use williw_core::statement::RewardRoot;

use super::DOING;
use crate::error::{StoreError, failed};
use crate::row::{Row, StakeColumns, number};

pub(super) async fn read(
    connection: &mut SqliteConnection,
    chain: ChainId,
    site: Site,
) -> Result<ChainBooks, StoreError> {
    let row = Row { table: "books", key: chain };
    let chain_number = number(chain);
    let columns = sqlx::query!(
        "select through_height, through_time, last_height, last_time, operators, total, floor, floor_prev, cycle, funded,
            closed
        from books where chain = ?",
        chain_number
    );
    let columns = columns.fetch_optional(&mut *connection).await.map_err(failed(DOING))?;
    // The rows of a chain are made together with the file.
    let columns = columns.ok_or_else(|| row.corrupt("it is missing"))?;
    let stake = StakeColumns {
        value: &columns.total,
        floor: &columns.floor,
        floor_prev: &columns.floor_prev,
        cycle: &columns.cycle,
    };
    Ok(ChainBooks {
        site,
        through: row.point(["through_height", "through_time"], &columns.through_height, &columns.through_time)?,
        last: row.point(["last_height", "last_time"], &columns.last_height, &columns.last_time)?,
        operators: row.number("operators", &columns.operators)?,
        total: row.stake("total", stake)?,
        vault: vault(connection, chain).await?,
        pool: pool(connection, chain).await?,
        funded: row.amount("funded", &columns.funded)?,
        settled: root(connection, chain, "settled").await?,
        posted: root(connection, chain, "posted").await?,
        closed: columns.closed.map(|closed| row.cycle("closed", &closed)).transpose()?,
    })
}

async fn vault(connection: &mut SqliteConnection, chain: ChainId) -> Result<Option<VaultParameters>, StoreError> {
    let row = Row { table: "vault_parameters", key: chain };
    let chain = number(chain);
    let columns = sqlx::query!(
        "select min_stake, min_deposit, unstaking_period, slash_bps, evidence_cycles from vault_parameters
        where chain = ?",
        chain
    );
    let Some(columns) = columns.fetch_optional(connection).await.map_err(failed(DOING))? else { return Ok(None) };
    let slash = u16::try_from(columns.slash_bps).ok().and_then(|bps| Bps::try_from(bps).ok());
    Ok(Some(VaultParameters {
        min_stake: row.amount("min_stake", &columns.min_stake)?,
        min_deposit: row.amount("min_deposit", &columns.min_deposit)?,
        unstaking_period: row.span("unstaking_period", &columns.unstaking_period)?,
        slash: slash.ok_or_else(|| row.corrupt(format_args!("{} is no slash", columns.slash_bps)))?,
        evidence_cycles: row.number("evidence_cycles", &columns.evidence_cycles)?,
    }))
}

async fn pool(connection: &mut SqliteConnection, chain: ChainId) -> Result<Option<PoolParameters>, StoreError> {
    let row = Row { table: "pool_parameters", key: chain };
    let chain = number(chain);
    let columns = sqlx::query!("select min_quorum, delay, max_per_cycle from pool_parameters where chain = ?", chain);
    let Some(columns) = columns.fetch_optional(connection).await.map_err(failed(DOING))? else { return Ok(None) };
    Ok(Some(PoolParameters {
        min_quorum: row.amount("min_quorum", &columns.min_quorum)?,
        delay: row.span("delay", &columns.delay)?,
        max_per_cycle: row.amount("max_per_cycle", &columns.max_per_cycle)?,
    }))
}

async fn root(
    connection: &mut SqliteConnection,
    chain: ChainId,
    rank: &'static str,
) -> Result<Option<PostedRoot>, StoreError> {
    let row = Row { table: "posted_root", key: format!("{chain} {rank}") };
    let chain = number(chain);
    let columns = sqlx::query!(
        "select cycle, root, total_base, total_solana, blob_hash, activates from posted_root
        where chain = ? and rank = ?",
        chain,
        rank
    );
    let Some(columns) = columns.fetch_optional(connection).await.map_err(failed(DOING))? else { return Ok(None) };
    let root = RewardRoot {
        root: row.hash("root", &columns.root)?,
        total_base: row.amount("total_base", &columns.total_base)?,
        total_solana: row.amount("total_solana", &columns.total_solana)?,
        blob_hash: row.hash("blob_hash", &columns.blob_hash)?,
    };
    let (cycle, activates) = (row.cycle("cycle", &columns.cycle)?, row.time("activates", &columns.activates)?);
    Ok(Some(PostedRoot { cycle, root, activates }))
}
