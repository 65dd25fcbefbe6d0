//! Where peers were reached: replaced, capped, the oldest forgotten.

use std::net::SocketAddr;

use sqlx::Executor as _;
use williw_core::cycle::UnixSeconds;
use williw_core::identity::PeerId;
use williw_store::{ADDRESS_CAP, PEER_CAP, PeerRow, Store, StoreError};

use crate::made::{blank, place, shell};

fn peer(number: u32, seen: u64, addresses: &[&str]) -> PeerRow {
    let mut id = [0; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
    PeerRow { peer: PeerId(id), addresses, seen: UnixSeconds(seen) }
}

#[tokio::test]
async fn peers_come_back_latest_first_and_are_replaced() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    let old = peer(1, 10, &["1.2.3.4:5", "[2001:db8::1]:6"]);
    let new = peer(2, u64::MAX, &["[fe80::1%7]:65535"]);
    let silent = peer(3, 0, &[]);
    store.remember_peers(&[old.clone(), silent.clone(), new.clone()]).await.unwrap();
    assert_eq!(store.known_peers(10).await.unwrap(), [new.clone(), old, silent.clone()]);
    let moved = peer(1, 20, &["9.9.9.9:9"]);
    store.remember_peers(std::slice::from_ref(&moved)).await.unwrap();
    store.close().await.unwrap();
    let store = Store::open(&path, &blank()).await.unwrap();
    assert_eq!(store.known_peers(10).await.unwrap(), [new.clone(), moved.clone(), silent]);
    assert_eq!(store.known_peers(2).await.unwrap(), [new, moved]);
    assert_eq!(store.known_peers(0).await.unwrap(), []);
}

#[tokio::test]
async fn the_oldest_are_forgotten() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    let all: Vec<_> = (0..PEER_CAP + 3).map(|number| peer(number, u64::from(number), &["1.2.3.4:5"])).collect();
    store.remember_peers(&all).await.unwrap();
    let known = store.known_peers(u32::MAX).await.unwrap();
    assert_eq!(known, all.iter().skip(3).rev().cloned().collect::<Vec<_>>());
    // Addresses went with them.
    let addresses: i64 =
        sqlx::query_scalar("select count(*) from peer_address").fetch_one(&mut shell(&store).await).await.unwrap();
    assert_eq!(addresses, i64::from(PEER_CAP));
}

#[tokio::test]
async fn of_many_addresses_the_first_are_kept() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    let addresses: Vec<SocketAddr> = (0..100).map(|port| SocketAddr::from(([1, 2, 3, 4], port))).collect();
    let crowded = PeerRow { addresses: addresses.clone(), ..peer(1, 1, &[]) };
    store.remember_peers(&[crowded]).await.unwrap();
    assert_eq!(store.known_peers(1).await.unwrap()[0].addresses, addresses[..ADDRESS_CAP]);
}

#[tokio::test]
async fn an_address_that_is_none_is_named() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    store.remember_peers(&[peer(1, 1, &["1.2.3.4:5"])]).await.unwrap();
    shell(&store).await.execute("update peer_address set address = 'home'").await.unwrap();
    let error = store.known_peers(1).await.unwrap_err();
    let StoreError::Corrupt { table: "peer", key, fault } = error else { panic!("{error:?}") };
    assert!(key.starts_with("00000001"), "{key}");
    assert_eq!(fault, "`home` is no address");
}
