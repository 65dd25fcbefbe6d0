//! How a node finds out that another copy of it runs, or ran.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use iroh::SecretKey;
use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::Connection;
use iroh::protocol::{AcceptError, ProtocolHandler, Router};
use iroh_gossip::{ALPN, Gossip};
use williw_core::cycle::UnixSeconds;
use williw_core::guard::{Echo, Pulse};
use williw_core::network::NetworkId;
use williw_gossip::{ASK_TIMEOUT, Event, Heard};

use crate::hostile::hostile;
use crate::raw::{Raw, frame};
use crate::world::{DEADLINE, NETWORK, Node, bare, closed, heartbeat_by, id, neighbours, now, peer, topic, until};

const COPY: u8 = 1;
const WITNESS: u8 = 2;
const HOSTILE: u8 = 9;
const ECHO: &[u8] = b"williw-echo/1";

const fn heard(event: Event) -> Option<Heard> {
    if let Event::Heard(heard) = event { Some(heard) } else { None }
}

/// A node that beats with this boot, and its neighbour, who heard it.
async fn first(boot: u64) -> (Node, Node) {
    let (mut first, mut witness) = (Node::start(COPY).await, Node::start(WITNESS).await);
    neighbours(&mut first, &mut witness).await;
    heard_from(&first, boot, &mut witness).await;
    (first, witness)
}

async fn heard_from(node: &Node, boot: u64, witness: &mut Node) {
    let beats = async {
        let mut again = tokio::time::interval(Duration::from_millis(100));
        loop {
            again.tick().await;
            node.beat_as(boot, Pulse::Beating).await;
        }
    };
    tokio::select! {
        () = beats => {}
        heard = witness.next(heard) => assert_eq!((heard.author, heard.boot), (peer(COPY), boot)),
    }
}

/// A second node of the same key, and neighbour of the same witness.
async fn second(witness: &Node) -> Node {
    let mut second = Node::start(COPY).await;
    second.befriend(witness);
    second.join(witness.network.peer()).await;
    second
}

/// Every node says what it says, again and again, until the event of the first one of them is there.
async fn until_echo(
    speakers: &[(&Node, u64, Pulse)],
    events: &mut tokio::sync::mpsc::Receiver<Event>,
    is: impl Fn(Echo) -> bool,
) -> Echo {
    let echo = async {
        let mut again = tokio::time::interval(Duration::from_millis(100));
        loop {
            tokio::select! {
                _ = again.tick() => for (node, boot, pulse) in speakers {
                    node.beat_as(*boot, *pulse).await;
                },
                event = events.recv() => if let Event::Echo(echo) = event.expect("the network runs")
                    && is(echo)
                {
                    return echo;
                },
            }
        }
    };
    tokio::time::timeout(DEADLINE, echo).await.expect("there is an echo")
}

fn take_events(node: &mut Node) -> tokio::sync::mpsc::Receiver<Event> {
    std::mem::replace(&mut node.events, tokio::sync::mpsc::channel(1).1)
}

fn echoes_in(events: &mut tokio::sync::mpsc::Receiver<Event>) -> Vec<Echo> {
    let mut echoes = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::Echo(echo) = event {
            echoes.push(echo);
        }
    }
    echoes
}

/// The witness is everybody's only neighbour.
#[tokio::test(flavor = "multi_thread")]
async fn two_copies_with_one_common_neighbour_hear_of_each_other() {
    let (mut first, witness) = first(5).await;
    let mut second = second(&witness).await;
    let (mut of_first, mut of_second) = (take_events(&mut first), take_events(&mut second));
    let (beats, listens) = ((&first, 5, Pulse::Beating), (&second, 6, Pulse::Listening));

    let echo = until_echo(&[listens], &mut of_second, |_| true).await;
    assert_eq!((echo.boot, echo.pulse), (5, Pulse::Beating));
    // Its heart goes on beating, and it shows, although the witness has heard of a later start.
    until_echo(&[beats, listens], &mut of_second, |later| later.boot == 5 && later.seq > echo.seq).await;
    assert!(witness.network.counts().hearing.repeated > 0, "the later start was heard");
    // It was answered often enough, and heard of nobody who beats.
    assert!(first.network.counts().answers > 0);
    assert!(echoes_in(&mut of_first).iter().all(|echo| echo.pulse == Pulse::Listening));

    let beats_too = (&second, 6, Pulse::Beating);
    let echo = until_echo(&[beats, beats_too], &mut of_first, |echo| echo.pulse == Pulse::Beating).await;
    assert_eq!(echo.boot, 6);
}

/// Before either beats, the one that is behind hears of the other.
#[tokio::test(flavor = "multi_thread")]
async fn two_copies_that_listen_at_once_do_not_both_hear_nothing() {
    let (mut behind, mut witness) = (Node::start(COPY).await, Node::start(WITNESS).await);
    neighbours(&mut behind, &mut witness).await;
    let ahead = second(&witness).await;
    let mut of_behind = take_events(&mut behind);
    let listen = [(&behind, 5, Pulse::Listening), (&ahead, 6, Pulse::Listening)];
    let echo = until_echo(&listen, &mut of_behind, |_| true).await;
    assert_eq!((echo.boot, echo.pulse), (6, Pulse::Listening));
}

/// What the neighbour has to say to this key goes into the connection that it took last.
#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_matter_which_copy_was_connected_last() {
    let (_first, witness) = first(5).await;
    let mut second = second(&witness).await;
    let last = Raw::join_from(bare(COPY, &MemoryLookup::new()).await, &witness).await;
    let mut to_last = last.answers().await;
    let beats = async {
        let mut again = tokio::time::interval(Duration::from_millis(100));
        loop {
            again.tick().await;
            witness.beat().await;
        }
    };
    let spoken_to = async {
        // Frames of the membership come, too, and are about peers.
        while !frame(&mut to_last).await.windows(34).any(|part| part[..2] == [1, 1] && part[2..] == peer(WITNESS).0) {}
    };
    let news = async {
        tokio::select! {
            () = beats => {}
            () = spoken_to => {}
        }
    };
    tokio::time::timeout(DEADLINE, news).await.expect("the last one is spoken to");
    let mut events = take_events(&mut second);
    let echo = until_echo(&[(&second, 6, Pulse::Listening)], &mut events, |_| true).await;
    assert_eq!(echo.boot, 5);
}

/// The same number of the same boot by another run.
#[tokio::test(flavor = "multi_thread")]
async fn two_copies_of_one_boot_are_two() {
    let (_first, witness) = first(5).await;
    let mut second = second(&witness).await;
    let mut events = take_events(&mut second);
    let echo = until_echo(&[(&second, 5, Pulse::Listening)], &mut events, |_| true).await;
    assert_eq!((echo.boot, echo.pulse), (5, Pulse::Beating));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_there_is_one_echo_of_the_run_before_and_no_more() {
    let (first, mut witness) = first(5).await;
    first.network.close().await.unwrap();
    witness.next(|event| (event == Event::Down(peer(COPY))).then_some(())).await;
    let mut second = second(&witness).await;
    let mut events = take_events(&mut second);
    let echo = until_echo(&[(&second, 6, Pulse::Listening)], &mut events, |_| true).await;
    assert_eq!((echo.boot, echo.pulse), (5, Pulse::Beating));
    answered(&second, 6, Pulse::Listening).await;
    heard_from(&second, 6, &mut witness).await;
    answered(&second, 6, Pulse::Beating).await;
    assert_eq!(echoes_in(&mut events), []);
}

/// Speaks until it was answered many times more, which takes longer than it takes to tell an echo.
async fn answered(node: &Node, boot: u64, pulse: Pulse) {
    let answers = node.network.counts().answers + 20;
    let answered = async {
        let mut again = tokio::time::interval(Duration::from_millis(100));
        while node.network.counts().answers < answers {
            again.tick().await;
            node.beat_as(boot, pulse).await;
        }
    };
    tokio::time::timeout(DEADLINE, answered).await.expect("it is answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_hears_how_far_it_was() {
    let (first, mut witness) = first(9).await;
    first.network.close().await.unwrap();
    witness.next(|event| (event == Event::Down(peer(COPY))).then_some(())).await;
    let mut second = second(&witness).await;
    let mut events = take_events(&mut second);
    let echo = until_echo(&[(&second, 6, Pulse::Listening)], &mut events, |_| true).await;
    assert_eq!((echo.boot, echo.pulse), (9, Pulse::Beating));
}

fn by(signer: u8, author: u8, rank: (u64, u64), time: UnixSeconds) -> Vec<u8> {
    heartbeat_by(&SecretKey::from_bytes(&[signer; 32]), NETWORK, peer(author), rank, time)
}

async fn answer_to(seed: u8, node: &Node) -> Vec<u8> {
    let endpoint = bare(seed, &MemoryLookup::new()).await;
    let connection = endpoint.connect(node.address(), ECHO).await.unwrap();
    connection.accept_uni().await.unwrap().read_to_end(4096).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_of_itself_and_strangers_of_nothing() {
    let node = Node::start(WITNESS).await;
    [COPY, 3, HOSTILE].into_iter().for_each(|seed| node.door.admit(peer(seed)));
    let (_router, sender) = hostile(HOSTILE, &node).await;
    let envelope = by(COPY, COPY, (5, 7), now());
    sender.broadcast(envelope.clone().into()).await.unwrap();
    until("it is heard", || node.network.counts().hearing.heard == 1).await;

    assert_eq!(answer_to(COPY, &node).await, envelope);
    assert_eq!(answer_to(3, &node).await, b"");
    assert_eq!(answer_to(HOSTILE, &node).await, b"");
    let stranger = bare(77, &MemoryLookup::new()).await;
    let refused = stranger.connect(node.address(), ECHO).await.unwrap();
    assert_eq!(closed(&refused).await.0, 0x100, "the door's own code");
}

/// A member that answers as it likes.
#[derive(Clone, Debug, Default)]
struct Saying {
    answer: Arc<Mutex<Option<Vec<u8>>>>,
    asked: Arc<AtomicUsize>,
}

impl ProtocolHandler for Saying {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answer.lock().unwrap().clone();
        if let Some(answer) = answer {
            let mut stream = connection.open_uni().await?;
            stream.write_all(&answer).await.map_err(AcceptError::from_err)?;
            stream.finish()?;
        }
        connection.closed().await;
        Ok(())
    }
}

async fn liar(node: &mut Node) -> (Router, Saying, iroh_gossip::api::GossipTopic) {
    node.door.admit(peer(HOSTILE));
    let book = MemoryLookup::new();
    book.add_endpoint_info(node.address());
    let endpoint = bare(HOSTILE, &book).await;
    node.network.know(peer(HOSTILE), &endpoint.bound_sockets()).unwrap();
    let (gossip, saying) = (Gossip::builder().spawn(endpoint.clone()), Saying::default());
    let router = Router::builder(endpoint).accept(ALPN, gossip.clone()).accept(ECHO, saying.clone()).spawn();
    let joined = gossip.subscribe_and_join(topic(), vec![id(node.network.peer())]).await.unwrap();
    node.up(peer(HOSTILE)).await;
    (router, saying, joined)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_can_hold_back_what_it_knows_but_invent_nothing() {
    let mut node = Node::start(COPY).await;
    let (_router, saying, _topic) = liar(&mut node).await;
    let mut events = take_events(&mut node);
    let asked = async |answer: Option<Vec<u8>>| {
        *saying.answer.lock().unwrap() = answer;
        let before = saying.asked.load(Ordering::SeqCst);
        let asked = async {
            let mut again = tokio::time::interval(Duration::from_millis(20));
            // The one after it begins when it is over.
            while saying.asked.load(Ordering::SeqCst) < before + 2 {
                again.tick().await;
                node.beat_as(6, Pulse::Listening).await;
            }
        };
        tokio::time::timeout(DEADLINE, asked).await.expect("it is asked again");
    };
    let foreign = NetworkId([0x43; 32]);
    let elsewhere = heartbeat_by(&SecretKey::from_bytes(&[COPY; 32]), foreign, peer(COPY), (7, 1), now());
    let true_one = by(COPY, COPY, (3, 1), UnixSeconds(1));
    let lies = [
        by(HOSTILE, COPY, (7, 1), now()),
        by(HOSTILE, HOSTILE, (7, 1), now()),
        elsewhere,
        b"nothing of the kind".to_vec(),
        [true_one.as_slice(), b"and more"].concat(),
        vec![0; 1 << 16],
    ];
    for lie in lies {
        asked(Some(lie)).await;
    }
    let begun = std::time::Instant::now();
    asked(None).await;
    assert!(begun.elapsed() >= ASK_TIMEOUT, "who says nothing is waited for, but no longer");
    assert_eq!(node.network.counts().answers, 0);
    assert_eq!(echoes_in(&mut events), []);

    // However old it is.
    asked(Some(true_one)).await;
    assert!(node.network.counts().answers > 0);
    let echo = until_echo(&[], &mut events, |_| true).await;
    assert_eq!(echo, Echo { boot: 3, noted: 0, seq: 1, time: UnixSeconds(1), pulse: Pulse::Beating });
}

/// Everything that the node ever said is said again, by one who may; and what others said.
#[tokio::test(flavor = "multi_thread")]
async fn replays_are_no_flood_and_hide_nothing() {
    let mut node = Node::start(COPY).await;
    node.door.admit(peer(HOSTILE));
    let (_router, sender) = hostile(HOSTILE, &node).await;
    let mut events = take_events(&mut node);
    let replays = 500;
    for seq in 0..replays {
        sender.broadcast(by(COPY, COPY, (3, seq), UnixSeconds(seq)).into()).await.unwrap();
    }
    sender.broadcast(by(HOSTILE, COPY, (8, 1), now()).into()).await.unwrap();
    let newest = until_echo(&[], &mut events, |echo| echo.seq == replays - 1).await;
    assert_eq!(newest.boot, 3, "an earlier start is known as one");
    sender.broadcast(by(COPY, COPY, (3, 1), UnixSeconds(2)).into()).await.unwrap();
    sender.broadcast(by(COPY, COPY, (9, 1), UnixSeconds(1)).into()).await.unwrap();
    let echo = until_echo(&[], &mut events, |_| true).await;
    assert_eq!((echo.boot, echo.seq), (9, 1));
    let hearing = node.network.counts().hearing;
    assert_eq!((hearing.forged, hearing.heard, hearing.own), (1, 0, 0));
}

/// What a copy says while it listens makes nobody send anything to anybody but who asked.
#[tokio::test(flavor = "multi_thread")]
async fn listening_makes_nobody_else_speak() {
    let (_first, witness) = first(5).await;
    let mut bystander = Node::start(3).await;
    bystander.befriend(&witness);
    witness.door.admit(peer(3));
    bystander.join(witness.network.peer()).await;
    bystander.door.admit(peer(COPY));
    let mut second = second(&witness).await;
    let mut events = take_events(&mut second);
    until_echo(&[(&second, 6, Pulse::Listening)], &mut events, |_| true).await;
    let heard = bystander.next(heard).await;
    assert_eq!((heard.author, heard.boot, heard.pulse), (peer(COPY), 6, Pulse::Listening));
    let hearing = bystander.network.counts().hearing;
    assert_eq!((hearing.strangers, hearing.repeated, hearing.untimely, hearing.malformed), (0, 0, 0, 0));
}
