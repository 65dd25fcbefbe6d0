//! A peer that speaks gossip frame by frame, and says nothing of its own accord.
//!
//! A stream begins with a frame that names the topic; every frame is its length in four bytes and then as long. Inside is
//! iroh-gossip 0.101 in postcard: membership is 0 and broadcast 1, then comes the kind of message.

use iroh::Endpoint;
use iroh::endpoint::{Connection, RecvStream, SendStream};
use iroh_gossip::ALPN;

use crate::world::{Node, topic};

/// Membership, `Join`, without addresses.
const JOIN: [u8; 3] = [0, 0, 0];

/// Broadcast, `Prune`: the shortest there is, and harmless.
pub(crate) const PRUNE: [u8; 2] = [1, 1];

pub(crate) struct Raw {
    // Held, or the connection would end.
    _endpoint: Endpoint,
    pub(crate) connection: Connection,
    send: SendStream,
}

impl Raw {
    /// Connects and joins.
    pub(crate) async fn join_from(endpoint: Endpoint, node: &Node) -> Self {
        let connection = endpoint.connect(node.address(), ALPN).await.unwrap();
        let send = connection.open_uni().await.unwrap();
        let mut raw = Self { _endpoint: endpoint, connection, send };
        raw.say(topic().as_bytes()).await;
        raw.say(&JOIN).await;
        raw
    }

    pub(crate) async fn say(&mut self, frame: &[u8]) {
        self.send.write_all(&framed(frame)).await.unwrap();
    }

    /// The stream on which the node answers.
    pub(crate) async fn answers(&self) -> RecvStream {
        let mut answers = self.connection.accept_uni().await.unwrap();
        assert_eq!(frame(&mut answers).await, topic().as_bytes());
        answers
    }

    /// Sends the frame over and over, as far as the node takes it, until the connection is closed.
    pub(crate) async fn flood(mut self, frame: &[u8]) {
        let frames = framed(frame).repeat(1 << 10);
        while self.send.write_all(&frames).await.is_ok() {}
    }
}

/// The next frame.
pub(crate) async fn frame(stream: &mut RecvStream) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await.unwrap();
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut frame).await.unwrap();
    frame
}

/// Broadcast, `Graft`: asks for a message.
pub(crate) fn graft(content: &[u8]) -> Vec<u8> {
    [&[1, 2, 1], blake3::hash(content).as_bytes().as_slice(), &[0]].concat()
}

/// Broadcast, a message as its author sends it.
pub(crate) fn message(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 128, "a longer length takes two bytes");
    [&[1, 0], blake3::hash(content).as_bytes().as_slice(), &[length], content, &[0, 0]].concat()
}

fn framed(frame: &[u8]) -> Vec<u8> {
    let length = u32::try_from(frame.len()).unwrap();
    [length.to_be_bytes().as_slice(), frame].concat()
}
