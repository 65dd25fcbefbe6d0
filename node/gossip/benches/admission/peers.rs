//! 100,000 peers: half of them members, a quarter barred, a quarter strangers.

use std::collections::HashMap;

use iroh::{EndpointAddr, SecretKey};
use williw_core::cycle::Height;
use williw_core::hash::keccak;
use williw_core::identity::{ChainId, PeerId};
use williw_core::standing::{Bar, Standing};

pub(crate) const PEERS: usize = 100_000;

/// How many peers take part when instructions are counted, among as many others as ever: making a key is slow under
/// valgrind, and what is counted does not depend on which of them are asked for.
pub(crate) const COUNTED: usize = 2_000;

pub(crate) const JAILED: Bar = Bar::Jailed { chain: ChainId::Base, height: Height(7) };

/// What is known of the nth peer; nothing of a stranger.
pub(crate) fn standing(nth: usize) -> Option<Standing> {
    match nth % 4 {
        0 | 1 => Some(Standing::Member),
        2 => Some(Standing::Barred(JAILED)),
        _ => None,
    }
}

/// A peer with a true key and an address, so that it can be dialled.
pub(crate) fn address(nth: usize) -> EndpointAddr {
    let secret = SecretKey::from_bytes(&name(nth).0);
    EndpointAddr::new(secret.public()).with_ip_addr(([127, 0, 0, 1], 4_433).into())
}

/// A peer of whom nothing but the name is needed.
pub(crate) fn name(nth: usize) -> PeerId {
    PeerId(keccak(&[b"peer", &nth.to_be_bytes()]).0)
}

pub(crate) fn peer(address: &EndpointAddr) -> PeerId {
    PeerId(*address.id.as_bytes())
}

/// The map that a decision cannot do without.
pub(crate) fn plain(peers: impl IntoIterator<Item = PeerId>) -> HashMap<PeerId, Standing> {
    peers.into_iter().enumerate().filter_map(|(nth, peer)| Some((peer, standing(nth)?))).collect()
}
