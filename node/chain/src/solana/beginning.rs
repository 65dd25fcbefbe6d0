//! The beginning of a ledger: what a quorum has in all accounts that count.
//!
//! Each endpoint shows them as of a slot of its own, and on a busy chain never two show the same. So what one shows is a
//! ledger, the facts between its slot and another's are few and fold like any, and then that ledger has to hold what the
//! other shows. Who bears whom out is counted so; two that show the same thing bear each other out at once.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;
use williw_core::amount::Amount;
use williw_core::cycle::{Cycle, CycleClock, Seconds, UnixSeconds};
use williw_core::ed25519::PeerSignature;
use williw_core::identity::{Account, ChainId, Owner, PeerId, Signer};
use williw_core::journal::Site;
use williw_core::ledger::{Beginning, Ledger, Point, PostedRoot, Record};
use williw_core::link::LinkTerms;
use williw_core::network::NetworkId;
use williw_core::tenure::Tenure;

use super::Solana;
use super::account::{amount, end, pool, root, stake, vault};
use super::derive::{Addresses, account_of};
use super::judge::reached;
use super::page::{FINAL_LAG_SLOTS, HISTORY_TIMEOUT, MATTER};
use super::program::williw::accounts::{self, Config, Operator};
use super::sheet::{Set, Sheet, Wanted};
use super::time::Said;
use crate::fault::{AccountFault, ChainError, EndpointFault};
use crate::reader::Cursor;

/// How long an endpoint has for all of its accounts.
const SET_TIMEOUT: Duration = Duration::from_secs(40);

/// The last cycle of a signer that was not replaced.
const FOREVER: u64 = u64::MAX;

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
    /// Nothing: there are no such facts.
    Nowhere(EndpointFault),
}

impl Solana {
    /// What a ledger begins with: the accounts as a quorum has them.
    pub(super) async fn beginning(&mut self) -> Result<Beginning, ChainError> {
        let mut found = self.contents().await?;
        found.sort_by_key(|shown| shown.sheet.slot);
        let mut ways = Vec::new();
        for (place, first) in found.iter().enumerate() {
            let later = found.iter().skip(place + 1);
            let row: Vec<Way> = join_all(later.map(|other| self.way(first, other))).await;
            let borne_out = 1 + row.iter().filter(|way| matches!(way, Way::There)).count();
            ways.push(row);
            if borne_out >= self.panel.quorum {
                return self.begin_with(place, &found, ways);
            }
        }
        Err(self.panel.no_quorum(MATTER, "the contents of the operators' accounts"))
    }

    /// Whether the facts between two slots make of what one endpoint has what the other has.
    async fn way(&self, from: &Shown, to: &Shown) -> Way {
        if from.sheet.ends == to.sheet.ends {
            let same = from.content == Beginning { through: from.content.through, ..to.content.clone() };
            return if same { Way::There } else { Way::Elsewhere };
        }
        let books = *from.ledger.chain(ChainId::Solana).expect("the ledger has this chain");
        let cursor = Cursor { books, journals: from.ledger.journals(ChainId::Solana).collect() };
        let endpoint = &self.panel[to.index];
        let fold = endpoint.folded(&self.addresses, self.settings.network, &cursor, &to.sheet);
        let history = match timeout(HISTORY_TIMEOUT, fold).await {
            Ok(Ok(history)) => history,
            Ok(Err(fault)) => return Way::Nowhere(fault),
            Err(_) => return Way::Nowhere(EndpointFault::Slow),
        };
        let time = books.through.time.max(to.content.through.time);
        let page = history.page(Point { height: to.sheet.slot, time }, true);
        let mut ledger = from.ledger.clone();
        let Ok(change) = ledger.stage(&page) else { return Way::Elsewhere };
        change.iter().for_each(|change| ledger.commit(change));
        if ledger.unlike(&to.ledger, ChainId::Solana).is_none() { Way::There } else { Way::Elsewhere }
    }

    /// Begins with what the endpoint at this place shows, which a quorum bears out, and names whoever shows otherwise. Every
    /// row of ways leads from one place to those behind it.
    fn begin_with(&mut self, place: usize, found: &[Shown], mut ways: Vec<Vec<Way>>) -> Result<Beginning, ChainError> {
        const CONTENTS: EndpointFault = EndpointFault::Contradicts("the contents of the operators' accounts");
        let row = ways.pop().unwrap_or_default();
        let first = &found[place];
        let mut said: Vec<Said> = vec![(first.index, first.sheet.slot, first.sheet.time)];
        for (other, way) in found.iter().skip(place + 1).zip(row) {
            match way {
                Way::There => said.push((other.index, other.sheet.slot, other.sheet.time)),
                Way::Elsewhere => self.panel.blame(MATTER, other.index, CONTENTS),
                // The heads that no facts lead to are its own.
                Way::Nowhere(fault) => self.panel.blame(MATTER, other.index, fault),
            }
        }
        for (before, row) in ways.iter().enumerate() {
            if let Some(Way::Elsewhere) = row.get(place - before - 1) {
                self.panel.blame(MATTER, found[before].index, CONTENTS);
            }
        }
        let height = first.content.through.height;
        let time = self.time_at(&said, height)?.max(first.sheet.last());
        self.reached = Some(height);
        Ok(Beginning { through: Point { height, time }, ..first.content.clone() })
    }

    /// What everybody has who is quick enough, and not far behind.
    async fn contents(&mut self) -> Result<Vec<Shown>, ChainError> {
        self.begin(MATTER).await;
        let addresses = self.addresses;
        let quorum = self.panel.quorum;
        let ask = |index: usize| (index, self.panel[index].set(&addresses, Wanted::Everything));
        let sound = self.panel.sound(MATTER);
        let answers = self.panel.gather_within(SET_TIMEOUT, sound.into_iter().map(ask), |good| good.len() >= quorum);
        let answers = answers.await;
        let answers = self.panel.settle(MATTER, answers);
        let network = self.settings.network;
        let shown = self.read_sets(answers, move |addresses, set| Shown::new(network, addresses, &set)).await;
        let mut found = Vec::new();
        for (index, (sheet, content, ledger)) in self.panel.settle(MATTER, shown) {
            self.panel[index].seen.finalized = Some(sheet.slot);
            found.push(Shown { index, sheet, content, ledger });
        }
        let newest = reached(found.iter().map(|shown| shown.sheet.slot).collect(), quorum).unwrap_or_default();
        let behind = |shown: &Shown| newest.0.saturating_sub(shown.sheet.slot.0);
        for shown in found.extract_if(.., |shown| behind(shown) > FINAL_LAG_SLOTS) {
            let fault = EndpointFault::Lagging { at: shown.sheet.slot, behind: behind(&shown) };
            self.panel.blame(MATTER, shown.index, fault);
        }
        if found.len() < quorum {
            return Err(self.panel.no_quorum(MATTER, "the final set of operators"));
        }
        Ok(found)
    }
}

impl Shown {
    /// What a set says: its heads, all that it holds, and a ledger that begins with it.
    fn new(network: NetworkId, addresses: &Addresses, set: &Set) -> Result<(Sheet, Beginning, Ledger), EndpointFault> {
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
