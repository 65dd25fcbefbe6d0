//! The beginning of a ledger: what a quorum has in all accounts that count.
//!
//! Each endpoint shows them as of a slot of its own, and on a busy chain never two show the same. So what one shows is a
//! ledger, the facts between its slot and a later one's fold like any, and then that ledger has to hold what the later one
//! shows. What no fact in between changed both have alike; what a fact changed is as that fact says; and that those facts
//! happened is said by the heads that a quorum has. So the later one is begun with, once its heads are in the past of a
//! quorum's.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout};
use williw_core::amount::Amount;
use williw_core::cycle::{Cycle, CycleClock, Seconds, UnixSeconds};
use williw_core::ed25519::PeerSignature;
use williw_core::identity::{Account, ChainId, Owner, PeerId, Signer};
use williw_core::journal::Site;
use williw_core::ledger::{Beginning, Ledger, Point, PostedRoot, Record};
use williw_core::link::LinkTerms;
use williw_core::network::NetworkId;
use williw_core::tenure::Tenure;

use super::account::{amount, end, pool, root, stake, vault};
use super::derive::{Addresses, account_of};
use super::fold::History;
use super::judge::reached;
use super::page::{HISTORY_TIMEOUT, MATTER, REACH_SLOTS};
use super::program::williw::accounts::{self, Config, Operator};
use super::sheet::{Set, Sheet, Wanted};
use super::time::{Said, time_of};
use super::{Endpoint, Solana};
use crate::fault::{AccountFault, ChainError, EndpointFault};
use crate::reader::Cursor;
use crate::rpc::SET_TIMEOUT;

/// How long is waited until a quorum has come to the heads that one endpoint shows, and how long between two looks: a minute
/// is more than honest endpoints are apart.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(60);
const CONFIRM_PAUSE: Duration = Duration::from_secs(1);

/// The last cycle of a signer that was not replaced.
const FOREVER: u64 = u64::MAX;

/// What everybody is asked about.
const CONTENTS: &str = "the contents of the operators' accounts";

/// What one endpoint shows.
struct Shown {
    index: usize,
    sheet: Sheet,
    content: Beginning,
    /// That begins with it.
    ledger: Ledger,
}

/// What becomes of one endpoint's accounts with the facts that lead to another's heads.
enum Way {
    /// What the other shows.
    There,
    /// Something else.
    Elsewhere,
    /// Nothing is known: the other has no such facts, or did not show them.
    Nowhere(EndpointFault),
}

/// The ways from every place to those behind it, to the last one first.
struct Ways(Vec<Vec<Way>>);

impl Ways {
    /// Those that end at a place, and where they come from.
    fn to(&self, place: usize) -> impl Iterator<Item = (usize, &Way)> {
        self.0.iter().rev().nth(place).into_iter().flatten().enumerate()
    }
}

/// Whether the heads that one endpoint shows are in the past of others'.
enum Past {
    /// Of a quorum's, its own included.
    Quorum,
    /// Of too few, and it will stay so.
    Few,
    /// Others have not come to that slot.
    NotYet,
}

impl Solana {
    /// What a ledger begins with: the accounts as a quorum has them.
    pub(super) async fn beginning(&mut self) -> Result<Beginning, ChainError> {
        let found = self.contents().await?;
        // From each to the last of them, then from each to the last but one.
        let mut ways: Vec<Vec<Way>> = Vec::new();
        for place in (0..found.len()).rev() {
            let earlier = found.iter().take(place);
            ways.push(join_all(earlier.map(|from| self.way(from, &found[place]))).await);
        }
        let ways = Ways(ways);
        let with = |place: &usize| ways.to(*place).filter(|(_, way)| matches!(way, Way::There)).count() + 1;
        let quorum = self.panel.quorum;
        let mut candidates: Vec<usize> = (0..found.len()).rev().filter(|place| with(place) >= quorum).collect();
        let deadline = Instant::now() + CONFIRM_TIMEOUT;
        while !candidates.is_empty() {
            for place in candidates.clone() {
                match self.past(&found, place, &ways).await? {
                    Past::Quorum => match self.begin_with(&found, place, &ways) {
                        Err(_) if candidates.len() > 1 => candidates.retain(|other| *other != place),
                        begun => return begun,
                    },
                    Past::Few => candidates.retain(|other| *other != place),
                    Past::NotYet => {}
                }
            }
            if Instant::now() + CONFIRM_PAUSE > deadline {
                break;
            }
            sleep(CONFIRM_PAUSE).await;
        }
        // Who is right cannot be told.
        for place in 0..found.len() {
            for (from, way) in ways.to(place) {
                let (one, other) = (found[from].index, found[place].index);
                match way {
                    Way::There => {}
                    Way::Elsewhere => {
                        self.panel.blame(MATTER, one, EndpointFault::Contradicts(CONTENTS));
                        self.panel.blame(MATTER, other, EndpointFault::Contradicts(CONTENTS));
                    }
                    Way::Nowhere(fault) => self.panel.blame(MATTER, other, fault.clone()),
                }
            }
        }
        Err(self.panel.no_quorum(MATTER, CONTENTS))
    }

    /// Whether the facts between two slots make of what one endpoint has what the other has.
    async fn way(&self, from: &Arc<Shown>, to: &Arc<Shown>) -> Way {
        if !from.can_lead_to(&to.sheet) {
            return Way::Elsewhere;
        }
        let history = match self.panel[to.index].leads(self, from, &to.sheet).await {
            Ok(history) => history,
            Err(fault) => return Way::Nowhere(fault),
        };
        let (from, to) = (Arc::clone(from), Arc::clone(to));
        let folded = spawn_blocking(move || from.becomes(&to, &history));
        if folded.await.expect("folding does not panic") { Way::There } else { Way::Elsewhere }
    }

    /// Whether the heads at a place are in the past of a quorum's: up to there what they hash is one endpoint's word.
    async fn past(&mut self, found: &[Arc<Shown>], place: usize, ways: &Ways) -> Result<Past, ChainError> {
        let shown = Arc::clone(&found[place]);
        // Nobody vouches for a slot to which it has not come.
        let same = |(from, way): (usize, &Way)| {
            let other = &found[from].sheet;
            let is_same = (other.slot, &other.ends) == (shown.sheet.slot, &shown.sheet.ends);
            (matches!(way, Way::There) && is_same).then_some(found[from].index)
        };
        let mut with: BTreeSet<usize> = ways.to(place).filter_map(same).chain([shown.index]).collect();
        if with.len() >= self.panel.quorum {
            return Ok(Past::Quorum);
        }
        let sheets = self.sound_sheets().await?;
        let others = sheets.iter().filter(|(index, _)| !with.contains(index));
        let (there, behind): (Vec<_>, Vec<_>) = others.partition(|(_, sheet)| sheet.slot >= shown.sheet.slot);
        let asked = there.into_iter().map(async |(index, sheet)| {
            let follows = shown.can_lead_to(sheet) && self.panel[*index].leads(self, &shown, sheet).await.is_ok();
            follows.then_some(*index)
        });
        let follow: Vec<Option<usize>> = join_all(asked).await;
        with.extend(follow.into_iter().flatten());
        Ok(match self.panel.quorum {
            quorum if with.len() >= quorum => Past::Quorum,
            quorum if with.len() + behind.len() >= quorum => Past::NotYet,
            _ => Past::Few,
        })
    }

    /// Begins with what stands at a place, and names whoever shows something else than leads there or follows from it.
    fn begin_with(&mut self, found: &[Arc<Shown>], place: usize, ways: &Ways) -> Result<Beginning, ChainError> {
        let shown = &found[place];
        let mut said: Vec<Said> = vec![shown.said()];
        for (from, way) in ways.to(place) {
            match way {
                Way::There => said.push(found[from].said()),
                Way::Elsewhere => {
                    self.panel.blame(MATTER, found[from].index, EndpointFault::Contradicts(CONTENTS));
                }
                Way::Nowhere(_) => {}
            }
        }
        for (later, other) in found.iter().enumerate().skip(place + 1) {
            if matches!(ways.to(later).nth(place), Some((_, Way::Elsewhere))) {
                self.panel.blame(MATTER, other.index, EndpointFault::Contradicts(CONTENTS));
            }
        }
        let height = shown.sheet.slot;
        let time = self.time_at(&said, height)?.max(shown.sheet.last());
        self.reached = Some(height);
        Ok(Beginning { through: Point { height, time }, ..shown.content.clone() })
    }

    /// What everybody has who is quick enough, not far behind, and not far off in time: from the oldest slot to the newest.
    async fn contents(&mut self) -> Result<Vec<Arc<Shown>>, ChainError> {
        self.begin(MATTER).await;
        let addresses = self.addresses;
        let quorum = self.panel.quorum;
        let ask = |index: usize| (index, self.panel[index].set(&addresses, Wanted::Everything));
        let sound = self.panel.sound(MATTER);
        let answers = self.panel.gather_within(SET_TIMEOUT, sound.into_iter().map(ask), |good| good.len() >= quorum);
        let answers = answers.await;
        let answers = self.panel.settle(MATTER, answers);
        let network = self.settings.network;
        let shown = self.read_sets(answers, move |addresses, set| Shown::read(network, addresses, &set)).await;
        let mut found = Vec::new();
        for (index, (sheet, content, ledger)) in self.panel.settle(MATTER, shown) {
            self.panel[index].seen.finalized = Some(sheet.slot);
            found.push(Arc::new(Shown { index, sheet, content, ledger }));
        }
        found.sort_by_key(|shown| shown.sheet.slot);
        let newest = reached(found.iter().map(|shown| shown.sheet.slot).collect(), quorum).unwrap_or_default();
        let behind = |shown: &Shown| newest.0.saturating_sub(shown.sheet.slot.0);
        for shown in found.extract_if(.., |shown| behind(shown) > REACH_SLOTS) {
            let fault = EndpointFault::Lagging { at: shown.sheet.slot, behind: behind(&shown) };
            self.panel.blame(MATTER, shown.index, fault);
        }
        let said: Vec<Said> = found.iter().map(|shown| shown.said()).collect();
        for (index, at, time) in time_of(&said, newest, quorum).1 {
            found.retain(|shown| shown.index != index);
            self.panel.blame(MATTER, index, EndpointFault::WrongTime { at, time });
        }
        if found.len() < quorum {
            return Err(self.panel.no_quorum(MATTER, "the final set of operators"));
        }
        Ok(found)
    }
}

impl Endpoint {
    /// The facts that lead from what somebody shows to heads of this endpoint's own.
    async fn leads(&self, solana: &Solana, from: &Shown, to: &Sheet) -> Result<History, EndpointFault> {
        let (addresses, network) = (&solana.addresses, solana.settings.network);
        let cursor = from.cursor();
        let fold = async || History::fold(network, &cursor, to, &self.history(addresses, &cursor, to).await?);
        let folded = async {
            match fold().await {
                // What was remembered of a slot that is gone is nobody's lie.
                Err(fault) if fault.is_lie() => {
                    self.seen.transactions.forget_after(from.sheet.slot);
                    fold().await
                }
                folded => folded,
            }
        };
        timeout(HISTORY_TIMEOUT, folded).await.unwrap_or(Err(EndpointFault::Slow))
    }
}

impl Shown {
    /// What a set says: its heads, all that it holds, and a ledger that begins with it.
    fn read(network: NetworkId, addresses: &Addresses, set: &Set) -> Result<(Sheet, Beginning, Ledger), EndpointFault> {
        let (sheet, config) = (set.sheet(addresses), &set.config);
        let mut records = Vec::with_capacity(set.operators.len());
        for (journal, operator) in &set.operators {
            let bad = |why| EndpointFault::BadAccount { account: *journal, why };
            records.push(record(*journal, operator).map_err(bad)?);
        }
        records.sort_by_key(|record| record.index);
        let mut signers: Vec<_> = set.tenures.iter().map(|tenure| (Signer(tenure.signer), serves(tenure))).collect();
        signers.sort_by_key(|(signer, _)| *signer);
        let through = Point { height: sheet.slot, time: sheet.time.max(sheet.last()) };
        let account = account_of(addresses.config);
        let bad = |why| EndpointFault::BadAccount { account, why };
        let content = beginning(config, through, records, signers).map_err(bad)?;
        let clock = CycleClock::new(UnixSeconds(config.genesis), Seconds(config.cycle_length));
        let clock = clock.map_err(|_| bad(AccountFault::Contents))?;
        let mut ledger = Ledger::new(network, clock, &[Site::Solana { config: account }]);
        let change = ledger.begin(&content).map_err(EndpointFault::NoBeginning)?;
        change.iter().for_each(|change| ledger.commit(change));
        Ok((sheet, content, ledger))
    }

    const fn said(&self) -> Said {
        (self.index, self.sheet.slot, self.sheet.time)
    }

    fn cursor(&self) -> Cursor {
        let books = *self.ledger.chain(ChainId::Solana).expect("the ledger has this chain");
        Cursor { books, journals: self.ledger.journals(ChainId::Solana).collect() }
    }

    /// Whether facts after its slot can lead to these heads, before anybody is asked for them: no journal ends, none goes
    /// back, and what is new in one is of a later slot.
    fn can_lead_to(&self, to: &Sheet) -> bool {
        self.sheet.ends.iter().all(|(journal, mine)| {
            to.ends
                .get(journal)
                .is_some_and(|end| end == mine || end.head.seq > mine.head.seq && end.last.height > self.sheet.slot)
        })
    }

    /// Whether these facts make of what it has what the other has.
    fn becomes(&self, to: &Self, history: &History) -> bool {
        // Not by the other's clock: two ledgers are compared as of the earlier of the two.
        let time = self.content.through.time.max(to.sheet.last());
        let page = history.page(Point { height: to.sheet.slot, time }, true);
        let mut ledger = self.ledger.clone();
        let Ok(change) = ledger.stage(&page) else { return false };
        change.iter().for_each(|change| ledger.commit(change));
        ledger.unlike(&to.ledger, ChainId::Solana).is_none()
    }
}

fn serves(tenure: &accounts::Tenure) -> Tenure {
    Tenure {
        owner: Owner { chain: ChainId::Solana, account: account_of(tenure.owner) },
        from: Cycle(tenure.from),
        through: (tenure.through != FOREVER).then_some(Cycle(tenure.through)),
        term: tenure.term,
    }
}

/// What an operator's account says.
fn record(journal: Account, operator: &Operator) -> Result<Record, AccountFault> {
    let queue = operator.queue.get(..usize::from(operator.entries)).ok_or(AccountFault::Contents)?;
    let queued = Amount::sum(queue.iter().map(|entry| amount(entry.amount)));
    Ok(Record {
        owner: account_of(operator.owner),
        index: operator.index,
        journal,
        end: end(operator.head),
        active: amount(operator.active),
        queued: queued.map_err(|_| AccountFault::Contents)?,
        link: LinkTerms {
            peer: PeerId(operator.peer),
            signer: Signer(operator.signer),
            nonce: operator.nonce,
            peer_signature: PeerSignature(operator.peer_signature),
        },
        term: operator.term,
        jailed: operator.jailed_until != 0,
        stake: stake(operator.stake),
    })
}

/// What the config says, and these.
fn beginning(
    config: &Config,
    through: Point,
    operators: Vec<Record>,
    signers: Vec<(Signer, Tenure)>,
) -> Result<Beginning, AccountFault> {
    let closed = config.first_open.checked_sub(1).map(Cycle);
    let (settled, posted) = roots(config, closed);
    Ok(Beginning {
        chain: ChainId::Solana,
        through,
        count: config.operators,
        end: end(config.head),
        total: stake(config.total),
        vault: vault(config.vault)?,
        pool: pool(config.pool),
        funded: amount(config.funded),
        settled,
        posted,
        closed,
        operators,
        signers,
    })
}

/// The roots as books have them: the one that was replaced, and the last one that was not vetoed.
///
/// A root whose delay is over moves from the one place to the other with some later verb, and what was there before is
/// gone; nothing pays by it any more.
fn roots(config: &Config, closed: Option<Cycle>) -> (Option<PostedRoot>, Option<PostedRoot>) {
    let active = (config.has_active != 0).then(|| root(config.active));
    if config.has_pending != 0 {
        return (active, Some(root(config.pending)));
    }
    // A later root than the active one is gone: it was vetoed.
    let was_vetoed = active.is_some_and(|active| closed != Some(active.cycle));
    if was_vetoed { (active, None) } else { (None, active) }
}
