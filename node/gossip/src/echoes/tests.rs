use iroh::SecretKey;
use williw_core::cycle::UnixSeconds;
use williw_core::ed25519::{PeerFault, PeerSignature};
use williw_core::identity::PeerId;

use super::*;
use crate::envelope::Heartbeat;

const NETWORK: NetworkId = NetworkId([0x42; 32]);
const ME: u8 = 1;

fn envelope(signer: u8, pulse: Pulse, boot: u64, seq: u64) -> Envelope {
    let author = PeerId(*SecretKey::from_bytes(&[ME; 32]).public().as_bytes());
    let secret = SecretKey::from_bytes(&[signer; 32]);
    let heartbeat = Heartbeat { author, boot, noted: 0, seq, time: UnixSeconds(7), pulse };
    heartbeat.seal(NETWORK, |message| PeerSignature(secret.sign(message).to_bytes()))
}

fn beating(boot: u64, seq: u64) -> Envelope {
    envelope(ME, Pulse::Beating, boot, seq)
}

/// What is told at a look.
fn told(echoes: &mut Echoes) -> Vec<(Pulse, u64, u64)> {
    let mut told = Vec::new();
    echoes.tell(|echo| {
        assert_eq!(echo.time, UnixSeconds(7));
        told.push((echo.pulse, echo.boot, echo.seq));
        true
    });
    told
}

#[test]
fn what_this_run_sent_is_none_and_everything_else_is() {
    let mut echoes = Echoes::new(NETWORK);
    assert_eq!(echoes.hear(&beating(4, 1)), Ok(()), "nothing was sent yet");
    let first = echoes.number(5);
    assert_eq!((echoes.number(5), echoes.number(5)), (first + 1, first + 2), "they count up");
    for seq in first..first + 3 {
        assert_eq!(echoes.hear(&beating(5, seq)), Err(Unheard::Own));
        assert_eq!(echoes.hear(&envelope(ME, Pulse::Listening, 5, seq)), Err(Unheard::Own));
    }
    assert_eq!(echoes.hear(&beating(5, first - 1)), Ok(()), "before the run");
    assert_eq!(echoes.hear(&beating(5, first + 3)), Ok(()), "not yet sent");
    assert_eq!(echoes.hear(&beating(6, first)), Ok(()), "another boot");
    assert_eq!(echoes.number(5), first + 3);
    assert_eq!(echoes.hear(&beating(5, first + 3)), Err(Unheard::Own));
}

#[test]
fn two_runs_of_one_boot_count_apart() {
    let firsts: std::collections::BTreeSet<u64> = (0..100).map(|_| Echoes::new(NETWORK).number(5)).collect();
    assert_eq!(firsts.len(), 100);
    assert!(firsts.iter().all(|first| *first < 1 << FIRST_SEQ_BITS));
}

#[test]
fn nobody_else_makes_one_and_a_forgery_displaces_none() {
    let mut echoes = Echoes::new(NETWORK);
    assert_eq!(
        echoes.hear(&envelope(2, Pulse::Beating, u64::MAX, u64::MAX)),
        Err(Unheard::Forged(PeerFault::Mismatch))
    );
    assert_eq!(told(&mut echoes), []);
    assert_eq!(echoes.hear(&beating(1, 1)), Ok(()));
    assert_eq!(told(&mut echoes), [(Pulse::Beating, 1, 1)]);
}

#[test]
fn a_replay_of_everything_ever_said_is_told_once_and_hides_nothing_newer() {
    let mut echoes = Echoes::new(NETWORK);
    for seq in 0..500 {
        assert_eq!(echoes.hear(&beating(3, seq)), Ok(()));
    }
    assert_eq!(echoes.hear(&beating(8, 1)), Ok(()));
    for seq in 500..600 {
        assert_eq!(echoes.hear(&beating(3, seq)), Err(Unheard::Repeated));
    }
    assert_eq!(told(&mut echoes), [(Pulse::Beating, 8, 1)]);
    assert_eq!(told(&mut echoes), [], "no news");
    assert_eq!(echoes.hear(&beating(8, 2)), Ok(()));
    assert_eq!(told(&mut echoes), [(Pulse::Beating, 8, 2)]);
}

/// Whoever has kept the last words of our past cannot hide with them that a copy of an earlier boot is running.
#[test]
fn a_past_with_a_higher_boot_does_not_hide_who_speaks_now() {
    let at = |boot, seq, time| {
        let secret = SecretKey::from_bytes(&[ME; 32]);
        let author = PeerId(*secret.public().as_bytes());
        let heartbeat = Heartbeat { author, boot, noted: 0, seq, time: UnixSeconds(time), pulse: Pulse::Beating };
        heartbeat.seal(NETWORK, |message| PeerSignature(secret.sign(message).to_bytes()))
    };
    let mut echoes = Echoes::new(NETWORK);
    let mut told = |envelope| {
        assert_eq!(echoes.hear(&envelope), Ok(()));
        let mut told = Vec::new();
        echoes.tell(|echo| {
            told.push((echo.boot, echo.time.0));
            true
        });
        told
    };
    assert_eq!(told(at(8, 5, 100)), [(8, 100)]);
    assert_eq!(told(at(5, 1, 200)), [(5, 200)]);
    assert_eq!(told(at(9, 1, 50)), [(9, 50)], "nor the other way round");
    assert_eq!(echoes.hear(&at(8, 6, 150)), Err(Unheard::Repeated));
}

#[test]
fn a_copy_that_listens_does_not_hide_one_that_beats() {
    let mut echoes = Echoes::new(NETWORK);
    assert_eq!(echoes.hear(&envelope(ME, Pulse::Listening, u64::MAX, 1)), Ok(()));
    assert_eq!(echoes.hear(&beating(5, 1)), Ok(()));
    assert_eq!(told(&mut echoes), [(Pulse::Listening, u64::MAX, 1), (Pulse::Beating, 5, 1)]);
}

#[test]
fn what_nobody_takes_is_told_again() {
    let mut echoes = Echoes::new(NETWORK);
    assert_eq!(echoes.hear(&beating(5, 1)), Ok(()));
    echoes.tell(|_| false);
    assert_eq!(told(&mut echoes), [(Pulse::Beating, 5, 1)]);
}
