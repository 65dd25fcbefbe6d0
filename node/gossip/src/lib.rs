//! The network: one door, the live connections behind it, and heartbeats signed by their authors.
//!
//! Who may speak is decided elsewhere; here it is carried out. The [`Door`] is told who is admitted, suspended or
//! evicted, and every connection passes it, whatever protocol it is for and whoever opened it: an [`iroh`] endpoint is
//! made in this crate only, always with the door installed as its hooks, and no endpoint leaves the crate. Whoever
//! holds a [`Network`] can dial and be dialled through the door and in no other way.
//!
//! Behind the door runs iroh-gossip on one topic per network. What arrives there counts by the signature and the
//! standing of its *author*, never by the neighbour who passed it on (`envelope`, `authors`). A message of somebody who
//! is no member here is dropped without a trace: nodes read chains at different moments, and not agreeing yet about the
//! roster is no misconduct.
//!
//! Two copies of a node have one key, and gossip does not bring the one what the other says. So a node asks members what they
//! last heard by its key, and is told of everything that it did not say itself (`echoes`, `network/ask`).
//!
//! # No data before the handshake
//!
//! 0-RTT would let a connection carry data before the door has seen it. Outwards it cannot happen: no session ticket is
//! kept, so there is nothing to resume, and nothing here calls `into_0rtt`. Inwards iroh 1.4 fixes in its TLS settings
//! that early data is *accepted* by the transport, and has no way to refuse it. It still cannot be *read*: such bytes
//! wait in the receive buffers of a connection that nobody holds, protocols get a connection only from a completed
//! handshake (a wrapper here overrides the one callback that could take it earlier), and iroh runs the door between the
//! two. A connection that the door refuses is closed and takes its buffers along. The integration tests try it with a
//! ticket from better days.
//!
//! # What this crate cannot promise
//!
//! - **Members relay before they verify.** iroh-gossip 0.101 queues and caches a message for its neighbours before the
//!   application sees it, and has no hook in between. What is relayed unverified comes from a member's connection and is
//!   never counted, but it is relayed. To change that, the protocol core has to be driven by a shell of our own that
//!   verifies a frame before the core takes it (decision 0006 says why there is none).
//! - **A member can take memory by the second.** iroh-gossip keeps every well-formed frame for five seconds and its name
//!   for thirty, without a cap: a link of 10 MB/s holds 50 MB. Announced messages that never come are remembered until
//!   the neighbour goes. What is sent and not read has a cap.
//! - **A member can silence a node for seconds.** iroh-gossip waits for a neighbour that does not read. It is found out and
//!   kept out ([`STALLED_FOR`]), which takes four to ten seconds; [`Network::close`] ends in time in any case.
//! - **A member can have probes sent.** Multipath and hole punching in iroh 1.4 cannot be turned off: an *admitted* peer
//!   may name addresses of its own, and iroh tries them. Nothing is ever sent because of a peer that is not admitted.
//! - **A refused dial leaves a trace in iroh-gossip.** It keeps an entry, with the messages it wanted to send, for every
//!   peer that it tried to dial and could not, until that peer connects. A hostile *member* that names strangers can
//!   make it grow; [`Network::join`] says how such a peer is reached nevertheless.
//! - **Addresses from gossip are believed for five minutes.** iroh-gossip remembers what members say about addresses,
//!   without a cap of ours, and what they say about peers at all for as long as it runs: a hostile *member* can make that
//!   grow too. Keys, not addresses, say who somebody is, so a wrong address lets nobody in. But iroh sends the first
//!   packets of a dial to every address it was told, up to about thirty: by lying about where *other members* are, a
//!   member can have their dials sent to third parties.

mod authors;
#[cfg(feature = "bench")]
pub mod bench;
mod code;
mod door;
mod echoes;
mod envelope;
mod error;
mod network;
mod protocols;

pub use authors::{CREDIT_INTERVAL, HEARTBEAT_SLACK, Heard, HearingCounts};
pub use code::Refusal;
pub use door::{CONNECTIONS_PER_PEER_CAP, Door, DoorCounts, REFUSED_PEERS_CAP};
pub use envelope::HEARTBEAT_LEN;
pub use error::GossipError;
pub use iroh::endpoint::Connection;
pub use network::{
    ADDRESSES_PER_PEER_CAP, ASK_TIMEOUT, ASKED_CAP, CLOSE_TIMEOUT, DIAL_TIMEOUT, EVENT_QUEUE_CAP, Event,
    KNOWN_PEERS_CAP, MESSAGE_BYTES_CAP, NEIGHBOUR_TIMEOUT, Network, NetworkCounts, NetworkSettings, PeerSecret,
    STALLED_FOR,
};
pub use protocols::Protocols;
