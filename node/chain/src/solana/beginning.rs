//! The beginning of a ledger: what a quorum has in all accounts that count.
//!
//! Accounts of different kinds take different questions, and nothing says that the answers are of one slot. So the heads of
//! all journals are asked for once more at the end: if they are what they were, nothing was recorded in between.

use std::collections::BTreeMap;
use std::time::Duration;

use williw_core::amount::Amount;
use williw_core::cycle::Cycle;
use williw_core::ed25519::PeerSignature;
use williw_core::identity::{Account, ChainId, Owner, PeerId, Signer};
use williw_core::ledger::{BEGINNING_CAP, Beginning, JournalEnd, Point, PostedRoot, Record};
use williw_core::link::LinkTerms;
use williw_core::tenure::Tenure;

use super::account::{amount, decode, end, pool, root, stake, vault};
use super::ask::{AtSlot, Commitment, Keyed, Part};
use super::derive::{Addresses, account_of};
use super::judge::reached;
use super::page::{MATTER, Sheets};
use super::program::williw::accounts::{self, Config, Operator};
use super::sheet::{Answers, Derived, SetPart, Sheet, operators};
use super::{Endpoint, Solana};
use crate::fault::{AccountFault, ChainError, EndpointFault};

/// How often everybody is asked until a quorum has the same: they are rarely at one slot, and something may happen between.
const TRIES: usize = 3;

/// How long an endpoint has for all of its accounts.
const SET_TIMEOUT: Duration = Duration::from_secs(40);

/// The last cycle of a signer that was not replaced.
const FOREVER: u64 = u64::MAX;

/// Everything that one endpoint showed.
struct Shown {
    set: Answers,
    tenures: AtSlot<Vec<Keyed>>,
    again: Answers,
}

impl Endpoint {
    async fn all_that_counts(&self, addresses: &Addresses) -> Result<Shown, EndpointFault> {
        let set = self.set(addresses, SetPart::Whole).await?;
        let from = set.operators.slot();
        let program = &addresses.program;
        let tenures = self.every::<accounts::Tenure>(program, Commitment::Finalized, from, Part::Whole).await?;
        let again = self.set_from(addresses, SetPart::Heads, tenures.slot()).await?;
        Ok(Shown { set, tenures, again })
    }
}

impl Solana {
    /// What a ledger begins with: the accounts as a quorum has them.
    pub(super) async fn beginning(&mut self) -> Result<Beginning, ChainError> {
        for _ in 0..TRIES {
            let found = self.contents().await?;
            // Everything but where and when it was read.
            let alike = |one: &Beginning| found.iter().filter(|(_, _, other)| other == one).count();
            let truth = found.iter().map(|(_, _, one)| one).find(|one| alike(one) >= self.panel.quorum).cloned();
            if let Some(truth) = truth {
                return self.begin_with(truth, found);
            }
        }
        Err(self.panel.no_quorum(MATTER, "the contents of the operators' accounts"))
    }

    fn begin_with(&mut self, mut truth: Beginning, found: Vec<Found>) -> Result<Beginning, ChainError> {
        let (mut with, mut without) = (Sheets::new(), Sheets::new());
        for (index, sheet, content) in found {
            if content == truth { with.push((index, sheet)) } else { without.push((index, sheet)) }
        }
        let slots = with.iter().map(|(_, sheet)| sheet.slot).collect();
        let slot = reached(slots, self.panel.quorum).expect("as many as a quorum have it");
        let of_its_time = |slot| with.iter().any(|(_, sheet)| sheet.slot == slot);
        let newest = with.iter().map(|(_, sheet)| sheet.slot).max().unwrap_or_default();
        let oldest = with.iter().map(|(_, sheet)| sheet.slot).min().unwrap_or_default();
        for (index, sheet) in &without {
            // What another slot had is no contradiction.
            if of_its_time(sheet.slot) || (oldest < sheet.slot && sheet.slot < newest) {
                self.panel.blame(MATTER, *index, EndpointFault::Contradicts("the contents of the operators' accounts"));
            }
        }
        let said: Vec<_> = with.iter().map(|(index, sheet)| (*index, sheet.slot, sheet.time)).collect();
        let time = self.time_at(&said, slot)?;
        let lasts = truth.operators.iter().map(|record| record.end.last.time).chain([truth.end.last.time]);
        let last = lasts.max().unwrap_or_default();
        truth.through = Point { height: slot, time: time.max(last) };
        self.reached = Some(slot);
        Ok(truth)
    }

    /// What everybody has who is quick enough.
    async fn contents(&mut self) -> Result<Vec<Found>, ChainError> {
        self.begin(MATTER).await;
        let addresses = self.addresses;
        let quorum = self.panel.quorum;
        let ask = |index: usize| (index, self.panel[index].all_that_counts(&addresses));
        let sound = self.panel.sound(MATTER);
        let answers = self.panel.gather_within(SET_TIMEOUT, sound.into_iter().map(ask), |good| good.len() >= quorum);
        let answers = answers.await;
        let mut found = Vec::new();
        for (index, shown) in self.panel.settle(MATTER, answers) {
            match shown.read(&addresses, &mut self.derived) {
                Ok((sheet, content)) => {
                    self.panel[index].seen.finalized = Some(sheet.slot);
                    found.push((index, sheet, content));
                }
                Err(fault) => self.panel.blame(MATTER, index, fault),
            }
        }
        if found.len() < quorum {
            return Err(self.panel.no_quorum(MATTER, "the final set of operators"));
        }
        Ok(found)
    }
}

/// An endpoint, its heads, and what its accounts hold.
type Found = (usize, Sheet, Beginning);

impl Shown {
    fn read(&self, addresses: &Addresses, derived: &mut Derived) -> Result<(Sheet, Beginning), EndpointFault> {
        let config = &self.set.before.config;
        let operators = operators(&self.set.operators.value, decode, config.operators, addresses, derived)?;
        let mut ends: BTreeMap<Account, JournalEnd> =
            operators.iter().map(|(journal, operator)| (*journal, end(operator.head))).collect();
        ends.insert(account_of(addresses.config), end(config.head));
        let (slot, time) = (self.set.operators.slot(), self.set.before.time);
        let sheet = Sheet { slot, time, count: config.operators, ends };
        // What was recorded in between is in some of the answers and not in others.
        if self.again.sheet(addresses, derived)?.ends != sheet.ends {
            return Err(EndpointFault::Unsettled);
        }
        let mut records = Vec::with_capacity(operators.len());
        for (journal, operator) in &operators {
            let bad = |why| EndpointFault::BadAccount { account: *journal, why };
            records.push(record(*journal, operator).map_err(bad)?);
        }
        records.sort_by_key(|record| record.index);
        let bad = |why| EndpointFault::BadAccount { account: account_of(addresses.config), why };
        let content = beginning(config, records, self.signers(addresses)?).map_err(bad)?;
        Ok((sheet, content))
    }

    /// Everyone who is or was a signer, each at the address that it leads to.
    fn signers(&self, addresses: &Addresses) -> Result<Vec<(Signer, Tenure)>, EndpointFault> {
        const CAP: usize = BEGINNING_CAP * 2;
        if self.tenures.value.len() > CAP {
            return Err(EndpointFault::TooManyOperators { cap: BEGINNING_CAP });
        }
        let mut signers = BTreeMap::new();
        for keyed in &self.tenures.value {
            let address = keyed.address().ok_or(EndpointFault::Undecodable("getProgramAccounts"))?;
            let bad = |why| EndpointFault::BadAccount { account: account_of(address), why };
            let bytes = keyed.account.bytes_of(&addresses.program).map_err(bad)?;
            let tenure: accounts::Tenure = decode(&bytes).map_err(bad)?;
            let signer = Signer(tenure.signer);
            if addresses.tenure(signer) != address || signers.insert(signer, serves(&tenure)).is_some() {
                return Err(bad(AccountFault::Address));
            }
        }
        Ok(signers.into_iter().collect())
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
    operators: Vec<Record>,
    signers: Vec<(Signer, Tenure)>,
) -> Result<Beginning, AccountFault> {
    let closed = config.first_open.checked_sub(1).map(Cycle);
    let (settled, posted) = roots(config, closed);
    Ok(Beginning {
        chain: ChainId::Solana,
        through: Point::default(),
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
