//! The rows of a chain as a whole. What a chain has not got yet, or no longer, has no row.

use sqlx::SqliteConnection;
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::identity::ChainId;
use williw_core::ledger::{ChainBooks, PostedRoot};

use crate::row::number;

pub(crate) async fn write(
    connection: &mut SqliteConnection,
    chain: ChainId,
    books: &ChainBooks,
) -> Result<(), sqlx::Error> {
    let chain = number(chain);
    write_totals(connection, chain, books).await?;
    write_vault(connection, chain, books.vault.as_ref()).await?;
    write_pool(connection, chain, books.pool.as_ref()).await?;
    write_root(connection, chain, "settled", books.settled.as_ref()).await?;
    write_root(connection, chain, "posted", books.posted.as_ref()).await
}

async fn write_totals(connection: &mut SqliteConnection, chain: i64, books: &ChainBooks) -> Result<(), sqlx::Error> {
    let (through, last, stake) = (books.through, books.last, books.total);
    let (through_height, through_time) = (&through.height.0.to_be_bytes()[..], &through.time.0.to_be_bytes()[..]);
    let (last_height, last_time) = (&last.height.0.to_be_bytes()[..], &last.time.0.to_be_bytes()[..]);
    let operators = &books.operators.to_be_bytes()[..];
    let (total, floor) = (&stake.value().0.to_be_bytes()[..], &stake.floor().0.to_be_bytes()[..]);
    let (floor_prev, cycle) = (&stake.floor_prev().0.to_be_bytes()[..], &stake.cycle().0.to_be_bytes()[..]);
    let funded = &books.funded.0.to_be_bytes()[..];
    let closed = books.closed.map(|cycle| cycle.0.to_be_bytes());
    let closed = closed.as_ref().map(|cycle| &cycle[..]);
    let row = sqlx::query!(
        "insert into books (chain, through_height, through_time, last_height, last_time, operators, total, floor,
            floor_prev, cycle, funded, closed)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict do update set through_height = excluded.through_height, through_time = excluded.through_time,
            last_height = excluded.last_height, last_time = excluded.last_time, operators = excluded.operators,
            total = excluded.total, floor = excluded.floor, floor_prev = excluded.floor_prev, cycle = excluded.cycle,
            funded = excluded.funded, closed = excluded.closed",
        chain,
        through_height,
        through_time,
        last_height,
        last_time,
        operators,
        total,
        floor,
        floor_prev,
        cycle,
        funded,
        closed
    );
    row.execute(connection).await.map(drop)
}

async fn write_vault(
    connection: &mut SqliteConnection,
    chain: i64,
    parameters: Option<&VaultParameters>,
) -> Result<(), sqlx::Error> {
    let Some(parameters) = parameters else {
        let none = sqlx::query!("delete from vault_parameters where chain = ?", chain);
        return none.execute(connection).await.map(drop);
    };
    let min_stake = &parameters.min_stake.0.to_be_bytes()[..];
    let min_deposit = &parameters.min_deposit.0.to_be_bytes()[..];
    let unstaking_period = &parameters.unstaking_period.0.to_be_bytes()[..];
    let slash_bps = parameters.slash.get();
    let evidence_cycles = &parameters.evidence_cycles.to_be_bytes()[..];
    let row = sqlx::query!(
        "insert into vault_parameters (chain, min_stake, min_deposit, unstaking_period, slash_bps, evidence_cycles)
        values (?, ?, ?, ?, ?, ?)
        on conflict do update set min_stake = excluded.min_stake, min_deposit = excluded.min_deposit,
            unstaking_period = excluded.unstaking_period, slash_bps = excluded.slash_bps,
            evidence_cycles = excluded.evidence_cycles",
        chain,
        min_stake,
        min_deposit,
        unstaking_period,
        slash_bps,
        evidence_cycles
    );
    row.execute(connection).await.map(drop)
}

async fn write_pool(
    connection: &mut SqliteConnection,
    chain: i64,
    parameters: Option<&PoolParameters>,
) -> Result<(), sqlx::Error> {
    let Some(parameters) = parameters else {
        let none = sqlx::query!("delete from pool_parameters where chain = ?", chain);
        return none.execute(connection).await.map(drop);
    };
    let min_quorum = &parameters.min_quorum.0.to_be_bytes()[..];
    let delay = &parameters.delay.0.to_be_bytes()[..];
    let max_per_cycle = &parameters.max_per_cycle.0.to_be_bytes()[..];
    let row = sqlx::query!(
        "insert into pool_parameters (chain, min_quorum, delay, max_per_cycle) values (?, ?, ?, ?)
        on conflict do update set min_quorum = excluded.min_quorum, delay = excluded.delay,
            max_per_cycle = excluded.max_per_cycle",
        chain,
        min_quorum,
        delay,
        max_per_cycle
    );
    row.execute(connection).await.map(drop)
}

async fn write_root(
    connection: &mut SqliteConnection,
    chain: i64,
    rank: &'static str,
    posted: Option<&PostedRoot>,
) -> Result<(), sqlx::Error> {
    let Some(PostedRoot { cycle, root, activates }) = posted else {
        let none = sqlx::query!("delete from posted_root where chain = ? and rank = ?", chain, rank);
        return none.execute(connection).await.map(drop);
    };
    let (cycle, activates) = (&cycle.0.to_be_bytes()[..], &activates.0.to_be_bytes()[..]);
    let (hash, blob_hash) = (&root.root.0[..], &root.blob_hash.0[..]);
    let total_base = &root.total_base.0.to_be_bytes()[..];
    let total_solana = &root.total_solana.0.to_be_bytes()[..];
    let row = sqlx::query!(
        "insert into posted_root (chain, rank, cycle, root, total_base, total_solana, blob_hash, activates)
        values (?, ?, ?, ?, ?, ?, ?, ?)
        on conflict do update set cycle = excluded.cycle, root = excluded.root, total_base = excluded.total_base,
            total_solana = excluded.total_solana, blob_hash = excluded.blob_hash, activates = excluded.activates",
        chain,
        rank,
        cycle,
        hash,
        total_base,
        total_solana,
        blob_hash,
        activates
    );
    row.execute(connection).await.map(drop)
}
