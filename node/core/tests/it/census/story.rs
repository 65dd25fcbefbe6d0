//! Tells a story to a census and writes down what it orders.
//!
//! ```text
//! final base 10: register alice 5000 p1     a final block with these verbs, separated by commas, and nothing pending
//! page base 10: ...                         the same, but nobody looked for what is pending
//! lag base 5                                an empty tail that ends there and now, or at a time: `lag base 5 321`
//! withhold solana 20: slash alice           a final block without the facts and heads of the operators' journals
//! astray base 25                            a page through that block with the heads of the last one
//! future base 9999                          an empty page through a block of that height and time
//! gap base 12                               a tail that begins after a block that no page delivered
//! pending base 20: slash alice              the whole unfinal tail; `-` is an empty one; `(1)` is what one endpoint shows
//! evidence alice                            somebody shows two conflicting statements, of now or of a cycle: `evidence alice 5`
//! conduct p1 PromiseBroken x12              what a peer did to this node
//! wait 61                                   the clock goes on, then ticks
//! restart                                   the process dies and reads back what was persisted
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use williw_core::amount::{Amount, Bps};
use williw_core::census::{Batch, Census, Checkpoint, Input, Output};
use williw_core::cycle::{Cycle, CycleClock, Height, Seconds, UnixSeconds};
use williw_core::fact::{Body, Fact, PoolParameters, VaultParameters};
use williw_core::hash::{Hash, keccak};
use williw_core::identity::{Account, ChainId, Owner, PeerId};
use williw_core::journal::Site;
use williw_core::ledger::{Ledger, Page, Point};
use williw_core::model::{Block, Bounds, Contracts, Deployment};
use williw_core::network::NetworkId;
use williw_core::offence::Evidence;
use williw_core::reputation::Conduct;
use williw_core::sim::keys::{PeerKey, SignerKey};
use williw_core::statement::{Kind, Statement};
use williw_core::tail::{Rumour, Tail, Witnesses};

const NETWORK: NetworkId = NetworkId([7; 32]);
const BLOCK_TIME: u64 = 2;

struct Story {
    contracts: BTreeMap<ChainId, Contracts>,
    census: Census,
    disk: Checkpoint,
    peers: BTreeMap<PeerId, String>,
    /// How often each person took a new signer.
    keys: BTreeMap<String, usize>,
    now: u64,
}

/// What is said about a peer at the end of a story.
pub(super) fn explain(text: &str, peer: &str) -> String {
    let mut story = Story::new();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).for_each(|line| drop(story.line(line)));
    let peer = story.peer(peer).id();
    let reasons = story.census.explain(peer, UnixSeconds(story.now));
    let standing = story.census.roster().standing(peer);
    let lines = reasons.iter().map(|(owner, standing)| story.named(&format!("{owner} {standing}\n")));
    lines.collect::<String>() + &format!("{standing}\n")
}

/// What is ordered after so many unfinal unstakes of one owner.
pub(super) fn flood(count: usize) -> Vec<Output> {
    let mut story = Story::new();
    story.line("final base 10: register alice 5000 p1");
    let mut fork = story.contracts[&ChainId::Base].clone();
    let head = story.reach(20);
    story.play(&mut fork, head, "unstake alice 1");
    let rumour = Rumour { fact: fork.take_facts().remove(0), witnesses: Witnesses(0b11) };
    let tail = Tail { chain: ChainId::Base, after: Height(10), head, rumours: vec![rumour; count] };
    story.census.handle(Input::Pending(tail), UnixSeconds(story.now))
}

/// What is ordered after each of so many readings of one tail, which goes from block 10 to 20 and shows whatever `tell` makes
/// of a slash of alice and of an unstake that leaves her too little.
pub(super) fn hear(readings: usize, mut tell: impl FnMut(&Fact, &Fact) -> Vec<Rumour>) -> Vec<String> {
    let mut story = Story::new();
    story.line("final base 10: register alice 5000 p1");
    let head = story.reach(20);
    let [slash, unstake] = ["slash alice", "unstake alice 4500"].map(|verb| {
        let mut fork = story.contracts[&ChainId::Base].clone();
        story.play(&mut fork, head, verb);
        fork.take_facts().remove(0)
    });
    let mut tail = || Tail { chain: ChainId::Base, after: Height(10), head, rumours: tell(&slash, &unstake) };
    (0..readings).map(|_| story.feed(Input::Pending(tail()))).collect()
}

/// The slash as it was not: with other signatures each time, and a block earlier than the true one.
pub(super) fn invented(slash: &Fact, nth: u64) -> Fact {
    let mut fact = slash.clone();
    fact.height = Height(11);
    if let Body::Slashed(slashed) = &mut fact.body {
        slashed.evidence.first.signature.0[..8].copy_from_slice(&nth.to_be_bytes());
    }
    fact
}

/// The same news of somebody who is not there.
pub(super) fn of_nobody(news: &Fact, nth: u64) -> Fact {
    let mut fact = news.clone();
    fact.seq = nth;
    let nobody = Account::evm([0xee; 20]);
    if let Body::Slashed(slashed) = &mut fact.body {
        slashed.account = nobody;
    } else if let Body::Unstaked { account, .. } = &mut fact.body {
        *account = nobody;
    }
    assert_eq!(fact.body.account(), Some(nobody), "bad news is a slash or an unstake");
    fact
}

/// Runs the lines of a story and returns a line of orders for each.
pub(super) fn tell(text: &str) -> String {
    let mut story = Story::new();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| story.line(line) + "\n").collect()
}

fn clock() -> CycleClock {
    CycleClock::new(UnixSeconds(0), Seconds(100)).unwrap()
}

fn deployment(chain: ChainId) -> Deployment {
    let site = match chain {
        ChainId::Base => Site::Base { vault: Account::evm([1; 20]), pool: Some(Account::evm([2; 20])) },
        ChainId::Solana => Site::Solana { config: Account([3; 32]) },
    };
    let vault = VaultParameters {
        min_stake: Amount(1_000),
        min_deposit: Amount(1),
        unstaking_period: Seconds(400),
        slash: Bps::try_from(1_000).unwrap(),
        evidence_cycles: 2,
    };
    let pool = PoolParameters { min_quorum: Amount(1), delay: Seconds(50), max_per_cycle: Amount(100) };
    Deployment {
        network: NETWORK,
        site,
        clock: clock(),
        governor: Account::default(),
        guardian: Account::default(),
        vault,
        pool,
        bounds: Bounds { vault: (vault, vault), pool: (pool, pool) },
    }
}

impl Story {
    fn new() -> Self {
        let deployments = ChainId::ALL.map(deployment);
        let start = Block { height: Height(1), time: UnixSeconds(BLOCK_TIME) };
        let contracts = deployments.iter().map(|d| (d.site.chain(), Contracts::deploy(*d, start).unwrap())).collect();
        let ledger = Ledger::new(NETWORK, clock(), &deployments.map(|d| d.site));
        let disk = Checkpoint { ledger, reputation: BTreeMap::new(), evidence: BTreeMap::new() };
        let census = Census::restore(disk.clone()).unwrap();
        Self { contracts, census, disk, peers: BTreeMap::new(), keys: BTreeMap::new(), now: 0 }
    }

    fn line(&mut self, line: &str) -> String {
        let (head, body) = line.split_once(':').unwrap_or((line, ""));
        match head.split_whitespace().collect::<Vec<_>>()[..] {
            ["page", chain, height] => self.finalize(chain_named(chain), height.parse().unwrap(), body),
            ["final", chain, height] => {
                let said = self.finalize(chain_named(chain), height.parse().unwrap(), body);
                let more = self.pending(chain_named(chain), height.parse().unwrap(), "-");
                match (&said[..], &more[..]) {
                    (_, "-") => said,
                    ("-", _) => more,
                    (_, _) => format!("{said}; {more}"),
                }
            }
            ["withhold", chain, height] => {
                let mut page = self.page(chain_named(chain), height.parse().unwrap(), body);
                page.facts.clear();
                page.heads.retain(|(journal, _)| *journal == Account([3; 32]));
                self.feed(Input::Finalized(page))
            }
            ["lag", chain, height, ref time @ ..] => {
                let time = time.first().map_or(self.now, |time| time.parse().unwrap());
                let head = Point { height: Height(height.parse().unwrap()), time: UnixSeconds(time) };
                self.feed(Input::Pending(Tail {
                    chain: chain_named(chain),
                    after: Height(0),
                    head,
                    rumours: Vec::new(),
                }))
            }
            ["astray", chain, height] => {
                let contracts = &self.contracts[&chain_named(chain)];
                let heads = contracts.heads().iter().map(|(journal, head)| (*journal, head.hash)).collect();
                let operators = contracts.vault().operators().len() as u64;
                let through = self.reach(height.parse().unwrap());
                let chain = chain_named(chain);
                self.feed(Input::Finalized(Page { chain, facts: Vec::new(), through, heads, operators, reached: true }))
            }
            ["future", chain, height] => {
                let height = height.parse().unwrap();
                let mut page = self.page(chain_named(chain), 0, "");
                page.through = Point { height: Height(height), time: UnixSeconds(height * BLOCK_TIME) };
                self.feed(Input::Finalized(page))
            }
            ["gap", chain, height] => {
                let head = self.reach(height.parse().unwrap());
                let tail = Tail { chain: chain_named(chain), after: head.height, head, rumours: Vec::new() };
                self.feed(Input::Pending(tail))
            }
            ["pending", chain, height] => self.pending(chain_named(chain), height.parse().unwrap(), body),
            ["evidence", who, ref cycle @ ..] => {
                let evidence = self.evidence(who, cycle.first().map(|cycle| Cycle(cycle.parse().unwrap())));
                self.feed(Input::Evidence(evidence))
            }
            ["conduct", peer, conduct, times] => {
                let conduct = Conduct::ALL.into_iter().find(|known| format!("{known:?}") == conduct).unwrap();
                let peer = self.peer(peer).id();
                let times: usize = times.trim_start_matches('x').parse().unwrap();
                (0..times).map(|_| self.feed(Input::Conduct { peer, conduct })).filter(|said| said != "-").collect()
            }
            ["wait", seconds] => {
                self.now += seconds.parse::<u64>().unwrap();
                self.feed(Input::Tick)
            }
            ["restart"] => {
                self.census = Census::restore(self.disk.clone()).unwrap();
                "-".to_owned()
            }
            _ => panic!("cannot read the line {line:?}"),
        }
    }

    fn finalize(&mut self, chain: ChainId, height: u64, verbs: &str) -> String {
        let page = self.page(chain, height, verbs);
        self.feed(Input::Finalized(page))
    }

    /// The page of a final block in which these verbs run.
    fn page(&mut self, chain: ChainId, height: u64, verbs: &str) -> Page {
        let through = self.reach(height);
        let mut contracts = self.contracts.remove(&chain).unwrap();
        self.play(&mut contracts, through, verbs);
        let page = Page {
            chain,
            facts: contracts.take_facts(),
            through,
            heads: contracts.heads().iter().map(|(journal, head)| (*journal, head.hash)).collect(),
            operators: contracts.vault().operators().len() as u64,
            reached: true,
        };
        self.contracts.insert(chain, contracts);
        page
    }

    fn pending(&mut self, chain: ChainId, height: u64, verbs: &str) -> String {
        let (verbs, witnesses) =
            verbs.strip_suffix("(1)").map_or((verbs, Witnesses(0b11)), |verbs| (verbs, Witnesses(0b1)));
        let head = self.reach(height);
        let mut fork = self.contracts[&chain].clone();
        self.play(&mut fork, head, verbs);
        let rumours = fork.take_facts().into_iter().map(|fact: Fact| Rumour { fact, witnesses }).collect();
        let after = self.census.ledger().chain(chain).unwrap().through.height;
        self.feed(Input::Pending(Tail { chain, after, head, rumours }))
    }

    /// The block at this height; the clock follows the chain.
    fn reach(&mut self, height: u64) -> Point {
        self.now = self.now.max(height * BLOCK_TIME);
        Point { height: Height(height), time: UnixSeconds(height * BLOCK_TIME) }
    }

    fn play(&mut self, contracts: &mut Contracts, point: Point, verbs: &str) {
        let at = Block { height: point.height, time: point.time };
        for verb in verbs.split(',').map(str::trim).filter(|verb| !verb.is_empty() && *verb != "-") {
            let words: Vec<&str> = verb.split_whitespace().collect();
            let account = owner(words[1], contracts.chain()).account;
            let nonce = contracts.vault().operators().get(&account).map_or(0, |operator| operator.nonce);
            let amount = |word: &str| Amount(word.parse().unwrap());
            let mut link = |signer: &SignerKey, peer: &str| {
                self.peer(peer).link(signer, NETWORK, owner(words[1], contracts.chain()), nonce + 1)
            };
            let done = match words[..] {
                ["register", who, stake, peer] => {
                    let (terms, signature) = link(&signer(who, 0), peer);
                    contracts.register(at, account, amount(stake), terms, &signature)
                }
                ["forge", who, stake, peer] => {
                    let (mut terms, signature) = link(&signer(who, 0), peer);
                    terms.peer_signature.0[0] ^= 1;
                    contracts.register(at, account, amount(stake), terms, &signature)
                }
                ["rotate", who, peer] => {
                    let (terms, signature) = link(&signer(who, 0), peer);
                    contracts.rotate(at, account, terms, &signature)
                }
                ["stake", _, stake] => contracts.stake(at, account, amount(stake)),
                ["unstake", _, stake] => contracts.unstake(at, account, amount(stake)).map(|_| ()),
                ["slash", who] => {
                    let evidence = self.evidence(who, None);
                    contracts.slash(at, &evidence, Account::default()).map(|_| ())
                }
                ["unjail", who, peer] => {
                    let terms = *self.keys.entry(who.to_owned()).and_modify(|nth| *nth += 1).or_insert(1);
                    let (terms, signature) =
                        self.peer(peer).link(&signer(who, terms), NETWORK, owner(who, contracts.chain()), nonce + 1);
                    contracts.unjail(at, account, terms, &signature)
                }
                _ => panic!("cannot read the verb {verb:?}"),
            };
            done.unwrap_or_else(|refusal| panic!("{verb}: {refusal}"));
        }
    }

    /// Two conflicting statements of a cycle, or the present one, by the first signer of a person.
    fn evidence(&self, who: &str, cycle: Option<Cycle>) -> Evidence {
        let cycle = cycle.or_else(|| clock().cycle(UnixSeconds(self.now))).unwrap_or_default();
        let state = |digest| {
            let statement = Statement::new(Kind::Update, cycle, 1, Hash([digest; 32])).unwrap();
            signer(who, 0).state(NETWORK, statement)
        };
        Evidence { first: state(1), second: state(2) }
    }

    fn peer(&mut self, name: &str) -> PeerKey {
        let key = PeerKey::named(name);
        self.peers.insert(key.id(), name.to_owned());
        key
    }

    fn feed(&mut self, input: Input) -> String {
        let mut said = String::new();
        for output in self.census.handle(input, UnixSeconds(self.now)) {
            let separator = if said.is_empty() { "" } else { "; " };
            let text = match output {
                Output::Persist(batch) => {
                    self.persist(&batch);
                    match &batch.change {
                        Some(change) => format!("persist {} facts", change.facts.len()),
                        None => "persist".to_owned(),
                    }
                }
                Output::Admit(peer) => format!("admit {}", self.peers[&peer]),
                Output::Suspend(peer, doubt) => format!("suspend {} ({doubt})", self.peers[&peer]),
                Output::Evict(peer, bar) => format!("evict {} ({bar})", self.peers[&peer]),
                Output::Alarm(alarm) => format!("alarm: {}", self.named(&alarm.to_string())),
            };
            write!(said, "{separator}{text}").unwrap();
        }
        if said.is_empty() { "-".to_owned() } else { said }
    }

    /// Accounts are long; people have names.
    fn named(&self, text: &str) -> String {
        ["alice", "bob"]
            .iter()
            .flat_map(|who| ChainId::ALL.map(|chain| (who, owner(who, chain))))
            .fold(text.to_owned(), |text, (who, owner)| {
                text.replace(&owner.to_string(), &format!("{}:{who}", owner.chain))
            })
    }

    fn persist(&mut self, batch: &Batch) {
        if let Some(change) = &batch.change {
            self.disk.ledger.commit(change);
        }
        self.disk.reputation.extend(&batch.reputation);
        for (owner, evidence) in &batch.evidence {
            match evidence {
                Some(evidence) => self.disk.evidence.insert(*owner, *evidence),
                None => self.disk.evidence.remove(owner),
            };
        }
    }
}

fn chain_named(name: &str) -> ChainId {
    ChainId::ALL.into_iter().find(|chain| chain.to_string() == name).unwrap()
}

fn owner(who: &str, chain: ChainId) -> Owner {
    let hash = keccak(&[who.as_bytes()]).0;
    let account = match chain {
        ChainId::Base => Account::evm(*hash.first_chunk().unwrap()),
        ChainId::Solana => Account(hash),
    };
    Owner { chain, account }
}

fn signer(who: &str, nth: usize) -> SignerKey {
    SignerKey::named(&format!("{who}/{nth}"))
}
