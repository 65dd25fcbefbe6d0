//! A batch on its way into the tables. Everything here runs inside the one transaction of its caller.

use sqlx::SqliteConnection;
use williw_core::census::Batch;
use williw_core::fact::Fact;
use williw_core::identity::{Account, ChainId, Owner, Signer};
use williw_core::ledger::{Change, JournalEnd, Ledger, Operator};
use williw_core::offence::Evidence;
use williw_core::reputation::Reputation;
use williw_core::tenure::Tenure;

use crate::error::{StoreError, failed};
use crate::row::number;

mod books;

pub(crate) use books::write as books;

/// Refuses a change that is not of one chain of this network: its rows would not come back as they went in.
pub(crate) fn check(change: &Change, blank: &Ledger) -> Result<(), StoreError> {
    let chain = change.chain;
    if blank.chain(chain).is_none_or(|books| books.site != change.books.site) {
        return Err(StoreError::OtherSite { chain });
    }
    let foreign = change.operators.keys().any(|owner| owner.chain != chain)
        || change.signers.iter().any(|((of, _), tenure)| *of != chain || tenure.owner.chain != chain)
        || change.journals.keys().any(|(of, _)| *of != chain)
        || change.facts.iter().any(|fact| fact.chain != chain);
    if foreign { Err(StoreError::MixedBatch { chain }) } else { Ok(()) }
}

/// Writes every row of a batch.
pub(crate) async fn batch(connection: &mut SqliteConnection, batch: &Batch) -> Result<(), StoreError> {
    if let Some(change) = &batch.change {
        write_change(connection, change).await.map_err(failed("writing a change of the ledger"))?;
    }
    for (owner, reputation) in &batch.reputation {
        write_reputation(connection, *owner, reputation).await.map_err(failed("writing a reputation"))?;
    }
    for (owner, evidence) in &batch.evidence {
        write_evidence(connection, *owner, evidence.as_ref()).await.map_err(failed("writing evidence"))?;
    }
    Ok(())
}

async fn write_change(connection: &mut SqliteConnection, change: &Change) -> Result<(), sqlx::Error> {
    let chain = change.chain;
    append(connection, chain, &change.facts).await?;
    books::write(connection, chain, &change.books).await?;
    for (owner, operator) in &change.operators {
        write_operator(connection, *owner, operator).await?;
    }
    for ((_, signer), tenure) in &change.signers {
        write_tenure(connection, *signer, tenure).await?;
    }
    for ((_, journal), end) in &change.journals {
        write_journal_end(connection, chain, *journal, end).await?;
    }
    Ok(())
}

/// Appends facts behind those of the chain that are there.
async fn append(connection: &mut SqliteConnection, chain: ChainId, facts: &[Fact]) -> Result<(), sqlx::Error> {
    if facts.is_empty() {
        return Ok(());
    }
    let chain = number(chain);
    let last =
        sqlx::query_scalar!(r#"select coalesce(max(place), 0) as "last!: i64" from fact where chain = ?"#, chain);
    let last = last.fetch_one(&mut *connection).await?;
    for (place, fact) in (last..).skip(1).zip(facts) {
        let (seq, time, height) = (fact.seq.to_be_bytes(), fact.time.0.to_be_bytes(), fact.height.0.to_be_bytes());
        let (journal, seq, time, height) = (&fact.journal.0[..], &seq[..], &time[..], &height[..]);
        let kind = fact.body.kind().byte();
        let account = fact.body.account();
        let account = account.as_ref().map(|account| &account.0[..]);
        let body = fact.body.encode();
        let row = sqlx::query!(
            "insert into fact (chain, place, journal, seq, time, height, kind, account, body)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            chain,
            place,
            journal,
            seq,
            time,
            height,
            kind,
            account,
            body
        );
        row.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_operator(
    connection: &mut SqliteConnection,
    owner: Owner,
    operator: &Operator,
) -> Result<(), sqlx::Error> {
    let (chain, account) = (number(owner.chain), &owner.account.0[..]);
    let idx = &operator.index.to_be_bytes()[..];
    let journal = &operator.journal.0[..];
    let (active, queued) = (&operator.active.0.to_be_bytes()[..], &operator.queued.0.to_be_bytes()[..]);
    let link = operator.link.map(|link| (link.peer(), link.signer()));
    let (link_peer, link_signer) = (link.as_ref().map(|link| &link.0.0[..]), link.as_ref().map(|link| &link.1.0[..]));
    let signer = &operator.signer.0[..];
    let (nonce, term) = (&operator.nonce.to_be_bytes()[..], &operator.term.to_be_bytes()[..]);
    let jailed = operator.jailed.map(|point| (point.height.0.to_be_bytes(), point.time.0.to_be_bytes()));
    let (jailed_height, jailed_time) = (jailed.as_ref().map(|at| &at.0[..]), jailed.as_ref().map(|at| &at.1[..]));
    let stake = operator.stake;
    let (counted, floor) = (&stake.value().0.to_be_bytes()[..], &stake.floor().0.to_be_bytes()[..]);
    let (floor_prev, cycle) = (&stake.floor_prev().0.to_be_bytes()[..], &stake.cycle().0.to_be_bytes()[..]);
    let changed = &operator.changed.0.to_be_bytes()[..];
    let row = sqlx::query!(
        "insert into operator (chain, account, idx, journal, active, queued, link_peer, link_signer, signer, nonce, term,
            jailed_height, jailed_time, counted, floor, floor_prev, cycle, changed)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        on conflict do update set idx = excluded.idx, journal = excluded.journal, active = excluded.active,
            queued = excluded.queued, link_peer = excluded.link_peer, link_signer = excluded.link_signer,
            signer = excluded.signer, nonce = excluded.nonce, term = excluded.term,
            jailed_height = excluded.jailed_height, jailed_time = excluded.jailed_time, counted = excluded.counted,
            floor = excluded.floor, floor_prev = excluded.floor_prev, cycle = excluded.cycle,
            changed = excluded.changed",
        chain,
        account,
        idx,
        journal,
        active,
        queued,
        link_peer,
        link_signer,
        signer,
        nonce,
        term,
        jailed_height,
        jailed_time,
        counted,
        floor,
        floor_prev,
        cycle,
        changed
    );
    row.execute(connection).await.map(drop)
}

async fn write_tenure(connection: &mut SqliteConnection, signer: Signer, tenure: &Tenure) -> Result<(), sqlx::Error> {
    let (chain, signer, account) = (number(tenure.owner.chain), &signer.0[..], &tenure.owner.account.0[..]);
    let (from, term) = (&tenure.from.0.to_be_bytes()[..], &tenure.term.to_be_bytes()[..]);
    let through = tenure.through.map(|cycle| cycle.0.to_be_bytes());
    let through = through.as_ref().map(|cycle| &cycle[..]);
    let row = sqlx::query!(
        "insert into tenure (chain, signer, account, from_cycle, through_cycle, term) values (?, ?, ?, ?, ?, ?)
        on conflict do update set account = excluded.account, from_cycle = excluded.from_cycle,
            through_cycle = excluded.through_cycle, term = excluded.term",
        chain,
        signer,
        account,
        from,
        through,
        term
    );
    row.execute(connection).await.map(drop)
}

async fn write_journal_end(
    connection: &mut SqliteConnection,
    chain: ChainId,
    journal: Account,
    JournalEnd { head, last }: &JournalEnd,
) -> Result<(), sqlx::Error> {
    let (chain, journal) = (number(chain), &journal.0[..]);
    let (seq, hash) = (&head.seq.to_be_bytes()[..], &head.hash.0[..]);
    let (last_height, last_time) = (&last.height.0.to_be_bytes()[..], &last.time.0.to_be_bytes()[..]);
    let row = sqlx::query!(
        "insert into journal_end (chain, journal, seq, hash, last_height, last_time) values (?, ?, ?, ?, ?, ?)
        on conflict do update set seq = excluded.seq, hash = excluded.hash, last_height = excluded.last_height,
            last_time = excluded.last_time",
        chain,
        journal,
        seq,
        hash,
        last_height,
        last_time
    );
    row.execute(connection).await.map(drop)
}

async fn write_reputation(
    connection: &mut SqliteConnection,
    owner: Owner,
    reputation: &Reputation,
) -> Result<(), sqlx::Error> {
    let (chain, account) = (number(owner.chain), &owner.account.0[..]);
    let (score, as_of) = reputation.written();
    let (score, as_of) = (score.0, &as_of.0.to_be_bytes()[..]);
    let row = sqlx::query!(
        "insert into reputation (chain, account, score, as_of) values (?, ?, ?, ?)
        on conflict do update set score = excluded.score, as_of = excluded.as_of",
        chain,
        account,
        score,
        as_of
    );
    row.execute(connection).await.map(drop)
}

async fn write_evidence(
    connection: &mut SqliteConnection,
    owner: Owner,
    evidence: Option<&Evidence>,
) -> Result<(), sqlx::Error> {
    let (chain, account) = (number(owner.chain), &owner.account.0[..]);
    let Some(evidence) = evidence else {
        let spent = sqlx::query!("delete from evidence where chain = ? and account = ?", chain, account);
        return spent.execute(connection).await.map(drop);
    };
    let packed = &evidence.encode()[..];
    let row = sqlx::query!(
        "insert into evidence (chain, account, packed) values (?, ?, ?)
        on conflict do update set packed = excluded.packed",
        chain,
        account,
        packed
    );
    row.execute(connection).await.map(drop)
}
