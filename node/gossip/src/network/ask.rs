//! Asking members what they last heard by the key of this node, and answering them.
//!
//! Gossip alone does not bring a copy of a node what the other one says. It never sends a message back to the neighbour that
//! it came from, and it knows neighbours by their key: a neighbour of both copies takes them for one, hands the words of
//! neither to the other, and sends what it has to say only into the connection that it took last. And when a backup is
//! started and nobody else runs, nobody speaks at all.
//!
//! So whoever starts asks, on a connection of its own, and the answer goes where the question came from. Asking takes nothing
//! but the connection: the key that it was made with says whose heartbeat is wanted, so nobody can ask for another's. The
//! answer is the newest envelope of each pulse as it came, or nothing; they are signed by the asker's own key, so the member
//! that gives them need not be believed. One question makes one answer of at most 260 bytes to who asked, nothing is relayed,
//! and so there is nothing that could be amplified; how many may be open is the door's business.
//!
//! A member can hold back what it knows, or never answer. That is why a node that listens asks everybody it speaks gossip
//! with.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use iroh::endpoint::{Connection, VarInt};
use iroh::protocol::{AcceptError, ProtocolHandler};
use iroh::{Endpoint, EndpointId};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use tracing::debug;
use williw_core::guard::Pulse;
use williw_core::identity::PeerId;

use super::listen::{Shared, UNBROKEN};
use crate::authors::{Authors, Unheard};
use crate::door::Door;
use crate::envelope::{Envelope, EnvelopeFault, HEARTBEAT_LEN};
use crate::error::BoxError;

pub(super) const ALPN: &[u8] = b"williw-echo/1";

/// How long a question may take, from either side. The next round begins when this one has ended.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// Members asked in one round. Of more, those whose turn has come longest ago.
pub const ASKED_CAP: usize = 16;

/// Bytes of an answer: one envelope of each pulse.
const ANSWER_CAP: usize = 2 * HEARTBEAT_LEN;

/// Gives everybody who asks its own newest envelopes.
#[derive(Clone)]
pub(super) struct Keeping(pub(super) Arc<Mutex<Authors>>);

impl std::fmt::Debug for Keeping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keeping(..)")
    }
}

impl ProtocolHandler for Keeping {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let asker = PeerId(*connection.remote_id().as_bytes());
        let kept = self.0.lock().expect(UNBROKEN).kept(asker);
        let answer = async {
            let mut stream = connection.open_uni().await?;
            for envelope in kept.into_iter().flatten() {
                stream.write_all(&envelope.encode()).await.map_err(AcceptError::from_err)?;
            }
            stream.finish()?;
            // It ends with this, and what was not read by then is lost: the asker hangs up.
            connection.closed().await;
            Ok(())
        };
        timeout(ASK_TIMEOUT, answer).await.unwrap_or_else(|_| {
            debug!(%asker, "it did not wait for the answer to its question");
            Ok(())
        })
    }
}

/// Why an answer is none.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error("it took too long")]
    Late,
    #[error("the question did not get through")]
    Lost(#[source] BoxError),
    #[error(transparent)]
    Malformed(#[from] EnvelopeFault),
    #[error("it is about {0}")]
    Foreign(PeerId),
    #[error("it does not count: {0}")]
    Forged(Unheard),
}

/// Asks, one round after the other. A clone asks the same rounds.
#[derive(Clone)]
struct Inquiry {
    endpoint: Endpoint,
    authors: Arc<Mutex<Authors>>,
    shared: Arc<Mutex<Shared>>,
}

pub(super) struct Asker {
    inquiry: Inquiry,
    door: Door,
    round: Mutex<Round>,
}

#[derive(Default)]
struct Round {
    running: Option<AbortHandle>,
    /// Who was asked last: the next one is who comes after.
    last: Option<PeerId>,
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Asker {
    pub(super) fn new(
        endpoint: Endpoint,
        door: Door,
        authors: Arc<Mutex<Authors>>,
        shared: Arc<Mutex<Shared>>,
    ) -> Self {
        Self { inquiry: Inquiry { endpoint, authors, shared }, door, round: Mutex::default() }
    }

    /// Begins a round, unless one is under way, and does not wait for it.
    pub(super) fn ask(&self, pulse: Pulse) {
        let mut round = self.round();
        if round.running.as_ref().is_some_and(|running| !running.is_finished()) {
            return;
        }
        let most = match pulse {
            Pulse::Listening => ASKED_CAP,
            Pulse::Beating => 1,
        };
        let mut members = self.door.gossiping();
        members.retain(|member| self.door.standing_of(*member).is_member());
        let members = in_turn(&members, round.last, most);
        round.last = members.last().copied().or(round.last);
        round.running = Some(tokio::spawn(self.inquiry.clone().ask_all(members)).abort_handle());
    }

    pub(super) fn stop(&self) {
        if let Some(running) = self.round().running.take() {
            running.abort();
        }
    }

    fn round(&self) -> MutexGuard<'_, Round> {
        self.round.lock().expect("nothing panics while it begins a round")
    }
}

/// The first `most` behind `last`, around in a circle.
fn in_turn(members: &BTreeSet<PeerId>, last: Option<PeerId>, most: usize) -> Vec<PeerId> {
    let behind = members.iter().filter(|member| Some(**member) > last);
    let before = members.iter().filter(|member| Some(**member) <= last);
    behind.chain(before).take(most).copied().collect()
}

impl Inquiry {
    async fn ask_all(self, members: Vec<PeerId>) {
        let mut questions = JoinSet::new();
        for member in members {
            let inquiry = self.clone();
            questions.spawn(async move {
                let answered = timeout(ASK_TIMEOUT, inquiry.ask(member)).await.unwrap_or(Err(Unanswered::Late));
                match answered {
                    Ok(()) => debug!(%member, "answered"),
                    Err(reason) => debug!(%member, %reason, "a member's answer says nothing"),
                }
            });
        }
        questions.join_all().await;
    }

    async fn ask(&self, member: PeerId) -> Result<(), Unanswered> {
        let answer = self.question(member).await.map_err(Unanswered::Lost)?;
        let envelopes: Result<Vec<_>, _> = answer.chunks(HEARTBEAT_LEN).map(Envelope::decode).collect();
        for envelope in envelopes? {
            let author = envelope.heartbeat.author;
            if author.0 != *self.endpoint.id().as_bytes() {
                return Err(Unanswered::Foreign(author));
            }
            match self.authors.lock().expect(UNBROKEN).echoes.hear(&envelope) {
                Ok(()) | Err(Unheard::Own | Unheard::Repeated) => {}
                Err(reason) => return Err(Unanswered::Forged(reason)),
            }
        }
        let answers = &mut self.shared.lock().expect(UNBROKEN).counts.answers;
        *answers = answers.saturating_add(1);
        Ok(())
    }

    async fn question(&self, member: PeerId) -> Result<Vec<u8>, BoxError> {
        let connection = self.endpoint.connect(EndpointId::from_bytes(&member.0)?, ALPN).await?;
        let answer = connection.accept_uni().await?.read_to_end(ANSWER_CAP).await?;
        connection.close(VarInt::from_u32(0), b"answered");
        Ok(answer)
    }
}
