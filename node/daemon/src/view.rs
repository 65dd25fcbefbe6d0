//! What people are told: the state of the node, and of every known peer where it stands and why.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::mem::Discriminant;
use std::net::SocketAddr;

use serde::Serialize;
use williw_chain::address;
use williw_chain::{EndpointFault, EndpointStatus};
use williw_core::census::{Alarm, Census, Freshness};
use williw_core::cycle::UnixSeconds;
use williw_core::identity::{ChainId, Owner, PeerId, Signer};
use williw_core::network::NetworkId;
use williw_core::standing::Standing;
use williw_gossip::{Door, Heard, Network};

use crate::sentry::{GuardStatus, Sentry};

mod verdict;

use verdict::{Verdict, verdict};

/// An alarm as people see it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Notice {
    #[serde(skip)]
    pub(crate) kind: (Discriminant<Alarm>, ChainId),
    pub(crate) text: String,
    /// When it was heard last.
    pub(crate) time: UnixSeconds,
    pub(crate) times: u64,
    /// When it was logged last.
    #[serde(skip)]
    pub(crate) told: Option<UnixSeconds>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) peer: PeerId,
    /// Where this node itself stands, as far as it knows: others judge by the same chain.
    pub(crate) own: Verdict,
    /// The operators whose present links name it, one by one.
    pub(crate) owners: Vec<OwnerView>,
    pub(crate) network: NetworkId,
    pub(crate) version: &'static str,
    pub(crate) started: u64,
    pub(crate) uptime_seconds: u64,
    /// Whether every chain of the network can be read.
    pub(crate) ready: bool,
    pub(crate) chains: Vec<ChainStatus>,
    pub(crate) gossip: GossipStatus,
    pub(crate) door: DoorStatus,
    /// Whether this node may sign.
    pub(crate) guard: GuardStatus,
    /// How many known peers stand how.
    pub(crate) peers: BTreeMap<&'static str, usize>,
    pub(crate) alarms: Vec<Notice>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ChainStatus {
    pub(crate) chain: String,
    pub(crate) freshness: String,
    /// The last block whose final facts are written down, on Solana its slot, and its time.
    pub(crate) height: u64,
    pub(crate) time: u64,
    /// How many facts its journals have, as far as they were read.
    pub(crate) facts: u64,
    pub(crate) operators: u64,
    pub(crate) endpoints: Vec<EndpointView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct EndpointView {
    pub(crate) name: String,
    pub(crate) latest: Option<u64>,
    pub(crate) finalized: Option<u64>,
    pub(crate) fault: Option<String>,
    /// Whether the fault is to have said what is not so.
    pub(crate) lie: bool,
    pub(crate) proven: bool,
    pub(crate) requests: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct GossipStatus {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) neighbours: Vec<PeerId>,
    pub(crate) heartbeats: HeartbeatCounts,
    pub(crate) events_dropped: u64,
    pub(crate) lagged: u64,
    /// Times that gossip stood still because a neighbour did not read.
    pub(crate) stalls: u64,
    /// Times that it had to be replaced for it.
    pub(crate) restarts: u64,
    /// This node's own heartbeats that could not be sent.
    pub(crate) beats_lost: u64,
    /// Times that a member said what it last heard by the key of this node.
    pub(crate) answers: u64,
}

/// What became of the heartbeats that arrived.
#[derive(Debug, Serialize)]
pub(crate) struct HeartbeatCounts {
    pub(crate) heard: u64,
    pub(crate) malformed: u64,
    pub(crate) own: u64,
    /// By the key of this node, and not said by this run of it.
    pub(crate) echoes: u64,
    pub(crate) strangers: u64,
    pub(crate) untimely: u64,
    pub(crate) repeated: u64,
    /// Within the second in which their author was heard before.
    pub(crate) hasty: u64,
    pub(crate) forged: u64,
    pub(crate) crowded: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct DoorStatus {
    pub(crate) admitted: u64,
    pub(crate) refused_dials: u64,
    pub(crate) refused_arrivals: u64,
    pub(crate) refused_departures: u64,
    pub(crate) closed: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Peers {
    pub(crate) peers: Vec<PeerView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PeerView {
    peer: PeerId,
    /// Whether it is this node itself.
    me: bool,
    #[serde(flatten)]
    verdict: Verdict,
    owners: Vec<OwnerView>,
    /// The worst score of its owners; none if nothing is remembered.
    score: Option<String>,
    neighbour: bool,
    connections: usize,
    refused_dials: u64,
    last_heartbeat: Option<HeartbeatView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct OwnerView {
    chain: String,
    owner: String,
    /// In the smallest unit of the token.
    active: String,
    queued: String,
    jailed: bool,
    /// Whom it named last to sign for it.
    signer: Signer,
    /// Where its peer would stand by this operator alone.
    #[serde(flatten)]
    verdict: Verdict,
}

#[derive(Debug, Serialize)]
struct HeartbeatView {
    boot: u64,
    seq: u64,
    time: u64,
}

/// Everything that a view is made of.
pub(crate) struct Scene<'a> {
    pub(crate) census: &'a Census,
    pub(crate) door: &'a Door,
    pub(crate) network: &'a Network,
    pub(crate) sentry: &'a Sentry,
    pub(crate) configured: &'a BTreeSet<PeerId>,
    pub(crate) endpoints: &'a BTreeMap<ChainId, Vec<EndpointStatus>>,
    pub(crate) heard: &'a BTreeMap<PeerId, Heard>,
    pub(crate) notices: &'a [Notice],
    pub(crate) started: UnixSeconds,
    pub(crate) now: UnixSeconds,
}

impl Scene<'_> {
    pub(crate) fn status(&self) -> Status {
        let chains: Vec<ChainStatus> = self.census.ledger().chains().map(|(chain, _)| self.chain(chain)).collect();
        let mut peers = BTreeMap::from([("member", 0), ("probation", 0), ("barred", 0)]);
        for (_, standing) in self.census.roster().peers() {
            *peers.entry(verdict::word(standing)).or_default() += 1;
        }
        let speaks = |chain| matches!(self.freshness(chain), Freshness::Fresh | Freshness::Halted);
        Status {
            peer: self.network.peer(),
            own: self.verdict(self.network.peer()),
            owners: self.owners(self.network.peer()),
            network: self.census.ledger().network(),
            version: env!("CARGO_PKG_VERSION"),
            started: self.started.0,
            uptime_seconds: self.now.since(self.started).0,
            ready: self.census.ledger().chains().all(|(chain, _)| speaks(chain)),
            chains,
            gossip: self.gossip(),
            door: self.door(),
            guard: self.sentry.status(),
            peers,
            alarms: self.notices.to_vec(),
        }
    }

    pub(crate) fn peers(&self) -> Peers {
        let (live, neighbours) = (self.door.live(), self.network.neighbours());
        let named = self.census.roster().peers().map(|(peer, _)| peer);
        let known: BTreeSet<PeerId> = named
            .chain(self.configured.iter().copied())
            .chain(live.keys().copied())
            .chain([self.network.peer()])
            .collect();
        let peer = |peer: PeerId| PeerView {
            peer,
            me: peer == self.network.peer(),
            verdict: self.verdict(peer),
            owners: self.owners(peer),
            score: self.score(peer),
            neighbour: neighbours.contains(&peer),
            connections: live.get(&peer).copied().unwrap_or_default(),
            refused_dials: self.door.refused_dials_of(peer),
            last_heartbeat: self.heard.get(&peer).map(|heard| HeartbeatView {
                boot: heard.boot,
                seq: heard.seq,
                time: heard.time.0,
            }),
        };
        Peers { peers: known.into_iter().map(peer).collect() }
    }

    fn chain(&self, chain: ChainId) -> ChainStatus {
        let ledger = self.census.ledger();
        let books = ledger.chain(chain).expect("the ledger named it");
        ChainStatus {
            chain: chain.to_string(),
            freshness: self.freshness(chain).to_string(),
            height: books.through.height.0,
            time: books.through.time.0,
            facts: ledger.journals(chain).map(|(_, end)| end.head.seq).sum(),
            operators: books.operators,
            endpoints: self.endpoints.get(&chain).into_iter().flatten().map(endpoint).collect(),
        }
    }

    fn gossip(&self) -> GossipStatus {
        let counts = self.network.counts();
        let hearing = counts.hearing;
        GossipStatus {
            listen: self.network.address(),
            neighbours: self.network.neighbours().into_iter().collect(),
            heartbeats: HeartbeatCounts {
                heard: hearing.heard,
                malformed: hearing.malformed,
                own: hearing.own,
                echoes: hearing.echoes,
                strangers: hearing.strangers,
                untimely: hearing.untimely,
                repeated: hearing.repeated,
                hasty: hearing.hasty,
                forged: hearing.forged,
                crowded: hearing.crowded,
            },
            events_dropped: counts.events_dropped,
            lagged: counts.lagged,
            stalls: counts.stalls,
            restarts: counts.restarts,
            beats_lost: counts.beats_lost,
            answers: counts.answers,
        }
    }

    fn door(&self) -> DoorStatus {
        let counts = self.door.counts();
        DoorStatus {
            admitted: counts.admitted,
            refused_dials: counts.refused_dials,
            refused_arrivals: counts.refused_arrivals,
            refused_departures: counts.refused_departures,
            closed: counts.closed,
        }
    }

    fn verdict(&self, peer: PeerId) -> Verdict {
        let roster = self.census.roster();
        verdict(self.census, roster.owners(peer), roster.standing(peer))
    }

    fn owners(&self, peer: PeerId) -> Vec<OwnerView> {
        let view = |(owner, standing): (Owner, Standing)| {
            let operator = self.census.ledger().operator(owner)?;
            Some(OwnerView {
                chain: owner.chain.to_string(),
                owner: address::shown_on(owner.chain, owner.account),
                active: operator.active.0.to_string(),
                queued: operator.queued.0.to_string(),
                jailed: operator.jailed.is_some(),
                signer: operator.signer,
                verdict: verdict(self.census, iter::once(owner), standing),
            })
        };
        self.census.explain(peer, self.now).into_iter().filter_map(view).collect()
    }

    fn score(&self, peer: PeerId) -> Option<String> {
        let scores = self.census.roster().owners(peer).map(|owner| self.census.reputation(owner).at(self.now));
        scores.min().map(|score| score.to_string())
    }

    fn freshness(&self, chain: ChainId) -> Freshness {
        self.census.freshness(chain).unwrap_or_default()
    }
}

fn endpoint(status: &EndpointStatus) -> EndpointView {
    EndpointView {
        name: status.name.to_string(),
        latest: status.latest.map(|height| height.0),
        finalized: status.finalized.map(|height| height.0),
        fault: status.fault.as_ref().map(ToString::to_string),
        lie: status.fault.as_ref().is_some_and(EndpointFault::is_lie),
        proven: status.proven,
        requests: status.requests,
    }
}
