//! Where peers were reached last: a convenience for dialling, bounded, and proof of nothing.

use std::net::SocketAddr;

use sqlx::SqliteConnection;
use williw_core::cycle::UnixSeconds;
use williw_core::identity::PeerId;

use crate::error::{StoreError, failed};
use crate::row::{Hex, Row};

/// The most peers that are remembered. Beyond, those seen longest ago are forgotten.
pub const PEER_CAP: u32 = 4_096;

/// The most addresses that are kept of one peer: the first ones.
pub const ADDRESS_CAP: usize = 16;

/// Where a peer was reached, and when that was. A flow label of an address is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerRow {
    pub peer: PeerId,
    pub addresses: Vec<SocketAddr>,
    pub seen: UnixSeconds,
}

pub(crate) async fn remember(connection: &mut SqliteConnection, peers: &[PeerRow]) -> Result<(), StoreError> {
    write(connection, peers).await.map_err(failed("remembering peers"))
}

async fn write(connection: &mut SqliteConnection, peers: &[PeerRow]) -> Result<(), sqlx::Error> {
    for PeerRow { peer, addresses, seen } in peers {
        let (peer, seen) = (&peer.0[..], &seen.0.to_be_bytes()[..]);
        let row = sqlx::query!(
            "insert into peer (peer, seen) values (?, ?) on conflict do update set seen = excluded.seen",
            peer,
            seen
        );
        row.execute(&mut *connection).await?;
        sqlx::query!("delete from peer_address where peer = ?", peer).execute(&mut *connection).await?;
        for (rank, address) in (0_u32..).zip(addresses.iter().take(ADDRESS_CAP)) {
            let address = address.to_string();
            let row =
                sqlx::query!("insert into peer_address (peer, rank, address) values (?, ?, ?)", peer, rank, address);
            row.execute(&mut *connection).await?;
        }
    }
    let forget = sqlx::query!(
        "delete from peer where peer in (select peer from peer order by seen desc, peer limit -1 offset ?)",
        PEER_CAP
    );
    forget.execute(connection).await?;
    Ok(())
}

pub(crate) async fn known(connection: &mut SqliteConnection, limit: u32) -> Result<Vec<PeerRow>, StoreError> {
    let doing = "reading peers";
    let rows = sqlx::query!("select peer, seen from peer order by seen desc, peer limit ?", limit);
    let rows = rows.fetch_all(&mut *connection).await.map_err(failed(doing))?;
    let mut peers = Vec::with_capacity(rows.len());
    for columns in rows {
        let row = Row { table: "peer", key: Hex(&columns.peer) };
        let addresses =
            sqlx::query_scalar!("select address from peer_address where peer = ? order by rank", columns.peer);
        let addresses = addresses.fetch_all(&mut *connection).await.map_err(failed(doing))?;
        let parse = |text: &String| text.parse().map_err(|_| row.corrupt(format_args!("`{text}` is no address")));
        peers.push(PeerRow {
            peer: row.peer("peer", &columns.peer)?,
            addresses: addresses.iter().map(parse).collect::<Result<_, _>>()?,
            seen: row.time("seen", &columns.seen)?,
        });
    }
    Ok(peers)
}
