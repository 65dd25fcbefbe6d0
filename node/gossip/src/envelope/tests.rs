use iroh::SecretKey;

use super::*;

const NETWORK: NetworkId = NetworkId([0x42; 32]);

/// Made by `node` 20 and its `crypto`, which share no code with us: the key of the seed `07` x 32 signs
/// `"williw-heartbeat-v1" | 42 x 32 | head`, with `crypto.sign(null, message, key)`; boot 0x0102030405060708, noted 0x1112131415161718, seq 9,
/// time
/// 1,700,000,000.
const GOLDEN: &str = "0101ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c\
    010203040506070811121314151617180000000000000009000000006553f100\
    ebd4e5e71297292473de82e1ab5c2b623ead42d08cf10efbeeb29e31056a44e5\
    34f4889b2f1af5aae5d9e863a565d342e6e2e42f9a5b03cc7dae2917216f9206";

/// The same, by a node that only listens.
const GOLDEN_LISTENING: &str = "0102ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c\
    010203040506070811121314151617180000000000000009000000006553f100\
    cecb520a0906a840912b693524f9114bcb91547763faf34210d671c366badd76\
    38c74c3f15c31d1d863937e4e69d81db81e6dc9da45250023be92d3ea38f370d";

fn golden() -> [u8; HEARTBEAT_LEN] {
    bytes(GOLDEN)
}

fn bytes(digits: &str) -> [u8; HEARTBEAT_LEN] {
    let digits = digits.as_bytes().chunks_exact(2);
    let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    bytes.collect::<Vec<_>>().try_into().unwrap()
}

fn heartbeat(pulse: Pulse) -> Heartbeat {
    let author = PeerId(*SecretKey::from_bytes(&[7; 32]).public().as_bytes());
    Heartbeat {
        author,
        boot: 0x0102_0304_0506_0708,
        noted: 0x1112_1314_1516_1718,
        seq: 9,
        time: UnixSeconds(1_700_000_000),
        pulse,
    }
}

#[test]
fn a_foreign_tool_makes_the_same_bytes() {
    let secret = SecretKey::from_bytes(&[7; 32]);
    for (pulse, golden) in [(Pulse::Beating, GOLDEN), (Pulse::Listening, GOLDEN_LISTENING)] {
        let sealed = heartbeat(pulse).seal(NETWORK, |message| PeerSignature(secret.sign(message).to_bytes()));
        assert_eq!(sealed.encode(), bytes(golden));
        let read = Envelope::decode(&bytes(golden)).unwrap();
        assert_eq!((read, read.heartbeat), (sealed, heartbeat(pulse)));
        assert_eq!(read.verify(NETWORK), Ok(()));
    }
}

#[test]
fn every_bit_counts() {
    for at in 0..HEARTBEAT_LEN {
        for bit in 0..8 {
            let mut bytes = golden();
            bytes[at] ^= 1 << bit;
            let verdict = Envelope::decode(&bytes).map(|envelope| envelope.verify(NETWORK));
            assert!(!matches!(verdict, Ok(Ok(()))), "bit {bit} of byte {at} does not count");
        }
    }
}

#[test]
fn a_heartbeat_of_another_network_is_worth_nothing() {
    let envelope = Envelope::decode(&golden()).unwrap();
    assert_eq!(envelope.verify(NetworkId([0x43; 32])), Err(PeerFault::Mismatch));
}

#[test]
fn lengths_versions_and_kinds_are_exact() {
    let golden = golden();
    for len in (0..HEARTBEAT_LEN).chain([HEARTBEAT_LEN + 1, 4096]) {
        let bytes: Vec<u8> = golden.iter().copied().chain(std::iter::repeat(0)).take(len).collect();
        assert_eq!(Envelope::decode(&bytes), Err(EnvelopeFault::Length(len)));
    }
    let with = |at: usize, byte: u8| {
        let mut bytes = golden;
        bytes[at] = byte;
        Envelope::decode(&bytes)
    };
    assert_eq!(with(0, 2), Err(EnvelopeFault::Version(2)));
    assert_eq!(with(1, 0), Err(EnvelopeFault::Kind(0)));
    assert_eq!(with(1, 3), Err(EnvelopeFault::Kind(3)));
    let listening = with(1, 2).unwrap();
    assert_eq!(listening.verify(NETWORK), Err(PeerFault::Mismatch), "nobody but the author changes the pulse");
}
