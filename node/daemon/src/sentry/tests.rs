//! A home whose files were put back in place, among members who remember more: real endpoints, real files.
//!
//! Nothing on its disk can tell that: the files are the same, and the guard and its mark fit each other. Starts raise the
//! boot as they always do, so nothing that members heard is above it but the number of statements.

use std::collections::BTreeSet;
use std::fs;
use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;
use williw_core::census::Census;
use williw_core::cycle::{Cycle, CycleClock};
use williw_core::guard::{LISTEN, Twin, digest_of};
use williw_core::identity::{Account, PeerId};
use williw_core::journal::Site;
use williw_core::ledger::Ledger;
use williw_core::network::NetworkId;
use williw_core::statement::{Kind, Statement};
use williw_gossip::{Door, Event, Network, NetworkSettings, PeerSecret};
use williw_store::Store;
use williw_store::guard::Asked;

use super::*;
use crate::clerk::{self, Clerk, now};
use crate::dial;
use crate::error::Cause;

const NETWORK: NetworkId = NetworkId([1; 32]);
const NODE: u8 = 1;
const MEMBERS: [u8; 2] = [2, 3];
const PASSWORD: &str = "of a test";

/// Where the guard begins to count.
const FOUNDED: u64 = 1_000;
/// What is signed after the backup.
const SIGNED: u64 = 3;
/// How often the home is started before it meets a member again: more often than it was when it signed.
const STARTS: u64 = 5;

/// Longer than anything takes; only a test that fails waits for it.
const DEADLINE: Duration = Duration::from_secs(30);

/// A node of the network, and what it hears.
struct Node {
    network: Network,
    door: Door,
    events: mpsc::Receiver<Event>,
}

impl Node {
    async fn start(seed: u8) -> Self {
        let door = Door::new();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = NetworkSettings { secret: PeerSecret([seed; 32]), listen, network: NETWORK };
        let (network, events) = Network::start(settings, door.clone()).await.unwrap();
        Self { network, door, events }
    }

    fn befriend(&self, other: &Self) {
        self.door.admit(other.network.peer());
        self.network.know(other.network.peer(), &other.network.address()).unwrap();
    }

    /// Waits until all of these are neighbours.
    async fn join(&self, members: &[Self]) {
        let peers: Vec<PeerId> = members.iter().map(|member| member.network.peer()).collect();
        let joined = async {
            let mut again = tokio::time::interval(Duration::from_millis(200));
            while !peers.iter().all(|peer| self.network.neighbours().contains(peer)) {
                again.tick().await;
                self.network.join(&peers).await.unwrap();
            }
        };
        timeout(DEADLINE, joined).await.expect("they become neighbours");
    }

    async fn next<T>(&mut self, pick: impl Fn(Event) -> Option<T>) -> T {
        let picked = async {
            loop {
                if let Some(picked) = pick(self.events.recv().await.expect("the network runs")) {
                    return picked;
                }
            }
        };
        timeout(DEADLINE, picked).await.expect("it hears of it")
    }
}

/// The members, who know each other and let the node in.
async fn members() -> Vec<Node> {
    let mut members = Vec::new();
    for seed in MEMBERS {
        members.push(Node::start(seed).await);
    }
    members[0].befriend(&members[1]);
    members[1].befriend(&members[0]);
    members[0].join(&members[1..]).await;
    members
}

/// A node with the key of this home among the members.
async fn among(members: &[Node]) -> Node {
    let node = Node::start(NODE).await;
    for member in members {
        member.befriend(&node);
        node.befriend(member);
    }
    node.join(members).await;
    node
}

/// A folder with a guard and the keystore of its signer.
struct Home {
    folder: TempDir,
}

impl Home {
    async fn make() -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        let wallet = Wallet::create(&home.keystore(), PASSWORD).unwrap();
        let mut guard = Guard::found(&home.guard(), NETWORK, FOUNDED).await.unwrap();
        guard.enroll(wallet.signer()).await.unwrap();
        guard.close().await.unwrap();
        home
    }

    fn guard(&self) -> PathBuf {
        self.folder.path().join("guard.db")
    }

    fn keystore(&self) -> PathBuf {
        self.folder.path().join("signer.json")
    }

    async fn start(&self) -> Sentry {
        let wallet = Wallet::open(&self.keystore(), PASSWORD).unwrap();
        let guard = Guard::open(&self.guard(), NETWORK).await.expect("nothing in the files says that they are older");
        Sentry::start(guard, vec![wallet], now()).await.unwrap()
    }

    /// What is in the files of the guard.
    fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut contents = Vec::new();
        for name in ["guard.db", "guard.mark"] {
            let path = self.folder.path().join(name);
            contents.push((path.clone(), fs::read(path).unwrap()));
        }
        assert!(!self.folder.path().join("guard.db-wal").exists(), "a part of the guard is in its log");
        contents
    }

    /// Writes that back, into the same files.
    fn put_back(&self, contents: &[(PathBuf, Vec<u8>)]) {
        for (path, bytes) in contents {
            fs::write(path, bytes).unwrap();
        }
    }

    /// Has a run sign something, in front of the members. Returns with how many statements it was last heard.
    async fn sign(&self, members: &mut [Node]) -> u64 {
        let node = among(members).await;
        let mut sentry = self.start().await;
        // As if that time had passed.
        sentry.ear.wait(LISTEN, true);
        sentry.wait(1).await.unwrap();
        let Post::Signing { signing, .. } = &sentry.post else { panic!("it has listened") };
        for cycle in 1..=SIGNED {
            let statement = Statement::new(Kind::RootVote, Cycle(cycle), 0, digest_of(Kind::RootVote, b"a root"));
            let asked = Asked { signer: sentry.signers[0], statement: statement.unwrap(), bytes: b"a root".to_vec() };
            signing.sign(asked).await.unwrap();
        }
        let noted = sentry.heart.borrow().count().1;
        let (heart, peer) = (sentry.heart(), node.network.peer());
        let all_heard = async {
            for member in members {
                member.next(|event| matches!(event, Event::Heard(heard) if heard.author == peer).then_some(())).await;
            }
        };
        tokio::select! {
            error = dial::beat(&node.network, heart) => panic!("{error}"),
            () = all_heard => {}
        }
        sentry.leave().await.unwrap();
        node.network.close().await.unwrap();
        noted
    }

    /// Starts it so often that what members heard is of a lower boot.
    async fn start_often(&self) {
        for _ in 0..STARTS {
            let mut guard = Guard::open(&self.guard(), NETWORK).await.unwrap();
            guard.start().await.unwrap();
            guard.close().await.unwrap();
        }
    }

    /// The database of the node.
    async fn store(&self) -> Store {
        let clock = CycleClock::new(UnixSeconds(0), Seconds(600)).unwrap();
        let blank = Ledger::new(NETWORK, clock, &[Site::Base { vault: Account([7; 32]), pool: None }]);
        Store::open(&self.folder.path().join("williw.db"), &blank).await.unwrap()
    }
}

const fn echo(event: Event) -> Option<Echo> {
    if let Event::Echo(echo) = event { Some(echo) } else { None }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_know_of_a_home_that_was_put_back_in_place() {
    let mut members = members().await;
    let home = Home::make().await;
    let backup = home.contents();
    let heard = home.sign(&mut members).await;
    assert_eq!(heard, FOUNDED + SIGNED);
    home.put_back(&backup);
    home.start_often().await;

    let Node { network, door, events } = among(&members).await;
    let sentry = home.start().await;
    let heart = sentry.heart();
    let store = home.store().await;
    let census = Census::restore(store.checkpoint().await.unwrap()).unwrap();
    let (_desk, tray) = clerk::desk();
    let clerk = Clerk::new(census, (&store, door, &network), sentry, BTreeSet::new(), now());
    let ran = async {
        tokio::select! {
            ended = clerk.work(tray, events, pending()) => ended,
            error = dial::beat(&network, heart.clone()) => Err(error),
        }
    };
    let ended = timeout(DEADLINE, ran).await.expect("it does not go on").unwrap_err();
    assert!(matches!(ended, DaemonError::Twin { twin: Twin::Behind { heard: 1_003, ours: FOUNDED } }), "{ended}");
    assert_eq!(
        ended.to_string(),
        "the network knows this node with 1003 statements written down, this guard has 1000: it was put back from before, \
         or another copy signs; nothing is signed here"
    );
    assert!(ended.hint().unwrap().contains("williw keys rotate"));
    assert_eq!(ended.cause(), Cause::Failure);
    assert_eq!(heart.borrow().pulse(), Pulse::Listening, "it could sign");
    network.close().await.unwrap();
    store.close().await.unwrap();
}

/// A home that is brought elsewhere after it was put back comes out of that as what it is.
#[tokio::test(flavor = "multi_thread")]
async fn members_know_of_a_home_that_was_put_back_and_then_moved() {
    let mut members = members().await;
    let home = Home::make().await;
    let backup = home.contents();
    let heard = home.sign(&mut members).await;
    home.put_back(&backup);
    let history = Guard::retire(&home.guard(), NETWORK).await.unwrap();
    let there = Home { folder: tempfile::tempdir().unwrap() };
    fs::copy(home.keystore(), there.keystore()).unwrap();
    let noted = history.noted().unwrap();
    let mut guard = Guard::found_after(&there.guard(), NETWORK, 10 * FOUNDED, noted).await.unwrap();
    guard.import(&history, &history.signers()).await.unwrap();
    guard.close().await.unwrap();

    let mut node = among(&members).await;
    let mut sentry = there.start().await;
    let (count, pulse) = (sentry.heart.borrow().count(), sentry.heart.borrow().pulse());
    node.network.beat(now(), count, pulse).await.unwrap();
    let echo = node.next(echo).await;
    let refused = sentry.hear(echo, now()).unwrap_err();
    assert!(
        matches!(refused, DaemonError::Twin { twin: Twin::Behind { heard: theirs, ours: FOUNDED } } if theirs == heard),
        "{refused}"
    );
    sentry.leave().await.unwrap();
    node.network.close().await.unwrap();
}

/// A guard that was founded while the clock was ahead announced what no guard comes to that is founded later. Whoever lost it
/// and accepts the next one says how far the other had come, as the refusal told.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_above_all_clocks_is_reached_by_saying_so() {
    let mut members = members().await;
    let home = Home::make().await;
    let heard = home.sign(&mut members).await;
    fs::remove_file(home.guard()).unwrap();

    for (begins, outcome) in [(FOUNDED / 2, Err(heard)), (heard, Ok(()))] {
        let mut guard = Guard::accept(&home.guard(), NETWORK, begins).await.unwrap();
        guard.enroll(Wallet::open(&home.keystore(), PASSWORD).unwrap().signer()).await.unwrap();
        guard.close().await.unwrap();
        let mut node = among(&members).await;
        let mut sentry = home.start().await;
        let (count, pulse) = (sentry.heart.borrow().count(), sentry.heart.borrow().pulse());
        node.network.beat(now(), count, pulse).await.unwrap();
        let echo = node.next(echo).await;
        let refused = sentry.hear(echo, now()).map_err(|refused| match refused {
            DaemonError::Twin { twin: Twin::Behind { heard, .. } } => heard,
            other => panic!("{other}"),
        });
        assert_eq!(refused, outcome);
        sentry.leave().await.unwrap();
        node.network.close().await.unwrap();
    }
}

/// The same without the backup: what members give back is its own past, which is no reason to end.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_was_left_alone_recognises_its_past() {
    let mut members = members().await;
    let home = Home::make().await;
    let heard = home.sign(&mut members).await;
    home.start_often().await;

    let mut node = among(&members).await;
    let mut sentry = home.start().await;
    let (count, pulse) = (sentry.heart.borrow().count(), sentry.heart.borrow().pulse());
    node.network.beat(now(), count, pulse).await.unwrap();
    let echo = node.next(echo).await;
    assert_eq!((echo.boot, echo.noted, echo.pulse), (FOUNDED + 1, heard, Pulse::Beating));
    sentry.hear(echo, now()).unwrap();
    assert!(sentry.ear.wait(LISTEN, true).is_some());
    sentry.leave().await.unwrap();
    node.network.close().await.unwrap();
}
