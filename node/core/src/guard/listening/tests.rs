//! Stories for the ear: restarts, copies and restored backups with clocks that are right or not, and people who repeat.
#![expect(clippy::arithmetic_side_effects, reason = "stories are short, and begin far from both ends of time")]

use super::*;

/// When the node of most stories starts, by its own clock.
const START: u64 = 1_000_000;

/// Its boot.
const OURS: u64 = 7;

/// What it had written down by then.
const NOTED: u64 = 50;

/// Seconds between two heartbeats.
const PERIOD: u64 = 3;

/// How far behind a clock may be with which a copy is found before anything is signed.
const BEHIND: u64 = 30;

fn beat(boot: u64, seq: u64, time: u64) -> Echo {
    Echo { boot, noted: NOTED, seq, time: UnixSeconds(time), pulse: Pulse::Beating }
}

fn murmur(boot: u64, seq: u64, time: u64) -> Echo {
    Echo { pulse: Pulse::Listening, ..beat(boot, seq, time) }
}

fn beside(heard: u64) -> Twin {
    Twin::Beside { heard, ours: OURS }
}

fn ahead(heard: u64) -> Twin {
    Twin::Ahead { heard, ours: OURS }
}

/// A node that listens, and its clock.
#[derive(Debug)]
struct Ear {
    listening: Listening,
    now: u64,
    may_sign: bool,
}

impl Ear {
    fn new() -> Self {
        Self::starting(OURS, START)
    }

    fn starting(boot: u64, now: u64) -> Self {
        Self { listening: Listening::new((boot, NOTED), UnixSeconds(now)), now, may_sign: false }
    }

    fn wait(&mut self, seconds: u64, company: bool) -> &mut Self {
        self.now += seconds;
        let listened = self.listening.wait(Seconds(seconds), company);
        assert!(!self.may_sign || listened.is_some(), "the right to sign was taken back");
        assert_eq!(listened.is_some(), self.listening.remaining() == Seconds(0));
        self.may_sign = listened.is_some();
        self
    }

    /// Listens in company until this many seconds after the start.
    fn until(&mut self, since_start: u64) -> &mut Self {
        let left = (START + since_start).checked_sub(self.now).expect("time goes on");
        self.wait(left, true)
    }

    fn hear(&mut self, echo: Echo) -> Result<(), Twin> {
        self.listening.hear(echo, UnixSeconds(self.now))
    }

    /// Hears this without finding a twin.
    fn calmly(&mut self, echo: Echo) -> &mut Self {
        assert_eq!(self.hear(echo), Ok(()), "{echo:?} at {}", self.now);
        self
    }

    fn must_wait_until(&mut self, since_start: u64) {
        self.until(since_start - 1);
        assert!(!self.may_sign, "it may sign too early");
        self.until(since_start);
        assert!(self.may_sign, "it has to wait too long");
    }
}

#[test]
fn the_first_start_takes_the_time_of_listening() {
    let mut ear = Ear::new();
    assert_eq!(ear.listening.remaining(), LISTEN);
    ear.must_wait_until(20);
    assert_eq!((LISTEN, SETTLE), (Seconds(20), Seconds(8)));
}

#[test]
fn last_words_by_several_witnesses_do_not_delay_a_restart() {
    let mut ear = Ear::new();
    // They do not all know the last one, and some come twice.
    for (at, seq) in [(0, 99), (1, 97), (1, 99), (4, 98), (7, 99), (7, 40)] {
        ear.until(at).calmly(beat(OURS - 1, seq, START - 1 - (99 - seq) * PERIOD));
    }
    // Two witnesses that are met late bring the same word, another one what is long past.
    ear.until(12).calmly(beat(OURS - 1, 99, START - 1));
    ear.until(15).calmly(beat(OURS - 1, 99, START - 1));
    ear.until(18).calmly(beat(OURS - 2, 5, START - 400));
    ear.must_wait_until(20);
}

#[test]
fn a_restart_within_the_second_hears_its_last_word() {
    Ear::new().calmly(beat(OURS - 1, 99, START)).must_wait_until(20);
}

#[test]
fn late_words_that_differ_make_it_listen_longer_and_no_more() {
    let mut ear = Ear::new();
    ear.until(8).calmly(beat(OURS - 1, 98, START - 4));
    ear.until(19).calmly(beat(OURS - 1, 99, START - 1));
    ear.must_wait_until(40);
}

#[test]
fn words_before_it_settled_are_no_late_words() {
    let mut ear = Ear::new();
    ear.until(7).calmly(beat(OURS - 1, 97, START - 7)).calmly(beat(OURS - 1, 98, START - 4));
    ear.until(8).calmly(beat(OURS - 1, 99, START - 1));
    ear.must_wait_until(20);
}

#[test]
fn a_copy_whose_clock_is_right_is_found_by_one_word() {
    for boot in 1..OURS {
        assert_eq!(Ear::new().until(2).hear(beat(boot, 50, START + 1)), Err(beside(boot)));
    }
    // Also if the newest of what is known under its name is younger than the copy by its boot.
    let mut ear = Ear::new();
    ear.until(1).calmly(beat(OURS - 1, 99, START - 1));
    assert_eq!(ear.until(2).hear(beat(1, 1, START + 1)), Err(beside(1)));
}

#[test]
fn a_copy_whose_clock_is_ahead_is_found_by_one_word() {
    assert_eq!(Ear::new().hear(beat(OURS - 1, 50, START + 30)), Err(beside(OURS - 1)));
}

#[test]
fn a_copy_whose_clock_is_behind_is_found_before_anything_is_signed() {
    for behind in 0..=BEHIND {
        for phase in 0..PERIOD {
            let mut ear = Ear::new();
            let found = (0..100).find(|second| {
                ear.until(*second);
                let beats = second % PERIOD == phase;
                beats && ear.hear(beat(OURS - 1, 500 + second / PERIOD, START + second - behind)).is_err()
            });
            assert!(found.is_some_and(|second| second <= behind + PERIOD), "{behind} behind: {found:?}");
            assert!(!ear.may_sign, "{behind} behind: found when it could have signed");
        }
    }
}

#[test]
fn a_copy_whose_clock_is_further_behind_is_found_as_late_as_that() {
    for behind in [31, 60, 299] {
        let mut ear = Ear::new();
        let found = (0..1_000).step_by(3).find(|second| {
            ear.until(*second);
            ear.hear(beat(OURS - 1, 500 + second / PERIOD, START + second - behind)).is_err()
        });
        assert!(found.is_some_and(|second| (behind..=behind + PERIOD).contains(&second)), "{found:?}");
    }
}

#[test]
fn a_copy_that_comes_later_is_found_while_it_signs() {
    let mut ear = Ear::new();
    ear.must_wait_until(20);
    ear.until(5_000).calmly(beat(OURS - 1, 99, START - 1));
    assert_eq!(ear.hear(beat(OURS - 1, 100, START + 4_999)), Err(beside(OURS - 1)));
    assert_eq!(ear.hear(beat(OURS, 100, START + 4_999)), Err(ahead(OURS)));
    assert_eq!(ear.hear(beat(OURS + 1, 100, START + 4_999)), Err(ahead(OURS + 1)));
}

#[test]
fn a_restored_backup_is_told_what_it_did() {
    // Nobody else runs, and what is known of it may be of any age.
    for boot in [OURS, OURS + 1, u64::MAX] {
        for time in [0, START - 1_000_000, START - 1, START, START + 1] {
            assert_eq!(Ear::new().hear(beat(boot, 3, time)), Err(ahead(boot)));
        }
    }
    let text = ahead(9).to_string();
    assert_eq!(
        text,
        "the network knows this node from boot 9, this is boot 7: another copy runs, or this one was restored from before"
    );
    assert_eq!(beside(3).to_string(), "another copy of this node is running, of boot 3; this is boot 7");
}

#[test]
fn of_two_that_listen_at_once_both_end() {
    // Restored twice, or an older and a newer copy.
    for boot in [OURS, OURS + 1, OURS + 2] {
        assert_eq!(Ear::new().until(3).hear(murmur(boot, 1, START + 1)), Err(ahead(boot)));
    }
    assert_eq!(Ear::new().until(3).hear(murmur(OURS - 1, 1, START + 1)), Err(beside(OURS - 1)));
}

#[test]
fn a_listening_newcomer_does_not_stop_the_one_that_runs() {
    for boot in [1, OURS - 1, OURS, OURS + 1, u64::MAX] {
        let mut ear = Ear::new();
        ear.until(20).calmly(murmur(boot, 1, START + 20));
        ear.until(100).calmly(murmur(boot, 2, START + 100)).calmly(murmur(boot, 3, START + 130));
        assert!(ear.may_sign);
    }
}

#[test]
fn a_newcomer_that_ended_before_we_started_does_not_keep_us_from_starting() {
    // A copy that was started by mistake took the boot that is ours now, and signed nothing.
    for boot in [OURS - 1, OURS, OURS + 1] {
        let mut ear = Ear::new();
        ear.calmly(murmur(boot, 1, START - 10)).until(5).calmly(murmur(boot, 5, START - 1)).must_wait_until(20);
    }
}

#[test]
fn alone_it_never_gets_the_right_to_sign() {
    let mut ear = Ear::new();
    for _ in 0..1_000 {
        ear.wait(3_600, false);
    }
    ear.wait(u64::MAX / 4, false);
    assert!(!ear.may_sign);
    assert_eq!(ear.listening.remaining(), LISTEN);
}

#[test]
fn pauses_in_company_do_not_count() {
    let mut ear = Ear::new();
    for _ in 0..19 {
        ear.wait(1, true).wait(100, false);
        assert!(!ear.may_sign);
    }
    // Alone it has not listened longer, whatever it is told.
    ear.wait(100, false).calmly(beat(OURS - 1, 99, START - 1));
    assert_eq!(ear.listening.remaining(), Seconds(1));
    ear.wait(1, true);
    assert!(ear.may_sign);
    // And what it has, it keeps.
    ear.wait(100, false);
    assert!(ear.may_sign);
}

#[test]
fn time_has_no_end_that_wraps() {
    let mut ear = Ear::starting(OURS, START);
    ear.listening.wait(Seconds(u64::MAX), true);
    assert!(ear.listening.wait(Seconds(u64::MAX), true).is_some());
    assert_eq!(ear.listening.remaining(), Seconds(0));
    assert_eq!(Ear::starting(0, 0).hear(beat(0, 0, 0)), Err(Twin::Ahead { heard: 0, ours: 0 }));
    assert_eq!(Ear::starting(u64::MAX, u64::MAX).hear(beat(1, u64::MAX, u64::MAX)), Ok(()));
}

#[test]
fn a_clock_that_is_set_back_after_the_start_does_not_hide_a_copy() {
    let mut ear = Ear::starting(OURS, START + 3_600);
    ear.wait(2, true);
    // It was an hour ahead. What is said from now on is said after the start.
    ear.now = START + 2;
    ear.calmly(beat(OURS - 1, 99, START - 1));
    ear.wait(3, true);
    assert_eq!(ear.hear(beat(OURS - 1, 101, START + 4)), Err(beside(OURS - 1)));
}

/// What anybody can have heard in our name before we started: all that three earlier boots said, and copies that
/// only listened.
fn records() -> Vec<Echo> {
    let mut records = Vec::new();
    let mut time = START - 1_500;
    for boot in 4..OURS {
        for seq in 0..166 {
            records.push(if seq < 7 { murmur(boot, seq, time) } else { beat(boot, seq, time) });
            time += PERIOD;
        }
    }
    records.extend((0..5).map(|seq| murmur(OURS, seq, START - 5 + seq)));
    records.extend((0..5).map(|seq| murmur(OURS + 3, seq, START - 5 + seq)));
    assert!(records.iter().all(|echo| echo.time <= UnixSeconds(START)));
    records
}

#[test]
fn who_repeats_our_past_in_any_order_delays_a_start_once_and_stops_nothing() {
    let records = records();
    let count = records.len();
    let orders: [fn(usize, usize) -> usize; 4] =
        [|_, at| at, |count, at| count - 1 - at, |count, at| at * 241 % count, |_, _| 0];
    for order in orders {
        // All at once in every second, over and over.
        let mut ear = Ear::new();
        for second in 0..400 {
            ear.until(second);
            for at in 0..count {
                ear.calmly(records[order(count, at)]);
            }
            assert!(ear.may_sign || second < 40, "it is kept from signing");
        }
        // One after the other, at the pace of a heart, beginning at any time.
        for begin in 0..45 {
            let mut ear = Ear::new();
            for second in 0..=count as u64 * PERIOD {
                ear.until(second);
                let at = usize::try_from(second.saturating_sub(begin) / PERIOD).unwrap();
                if second >= begin && (second - begin).is_multiple_of(PERIOD) && at < count {
                    ear.calmly(records[order(count, at)]);
                }
                assert!(ear.may_sign || second < 40, "it is kept from signing");
            }
        }
    }
}

#[test]
fn who_has_no_records_of_the_last_moments_delays_nothing() {
    let mut ear = Ear::new();
    for second in 0..20 {
        ear.until(second);
        for echo in records().into_iter().filter(|echo| echo.time < UnixSeconds(START - 32)) {
            ear.calmly(echo);
        }
    }
    ear.must_wait_until(20);
}

/// How words come from one copy to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    /// All of them do.
    Open,
    /// By one witness that passes on what is newer by (boot, seq) than all that it heard. Besides, it keeps the newest word
    /// that beats, and whoever listens asks for that in every second.
    OneWitness,
}

/// What the witness knows.
#[derive(Debug, Default)]
struct Witness {
    newest: Option<(u64, u64)>,
    beating: Option<(usize, Echo)>,
}

impl Witness {
    /// Hears a word, and says whether it is passed on.
    fn hears(&mut self, of: usize, echo: Echo) -> bool {
        let rank = (echo.boot, echo.seq);
        if echo.pulse == Pulse::Beating && self.beating.is_none_or(|(_, kept)| (kept.boot, kept.seq) < rank) {
            self.beating = Some((of, echo));
        }
        let news = self.newest.is_none_or(|newest| newest < rank);
        self.newest = self.newest.max(Some(rank));
        news
    }
}

/// One of two copies: its boot, when it starts, and how far its clock is off.
#[derive(Clone, Copy, Debug)]
struct Plan {
    boot: u64,
    at: u64,
    off: i64,
    first_seq: u64,
}

/// A copy that runs.
#[derive(Debug)]
struct Running {
    plan: Plan,
    ear: Ear,
    stopped: bool,
    beats: u64,
}

impl Running {
    fn clock(plan: Plan, now: u64) -> u64 {
        (START + now).checked_add_signed(plan.off).expect("no time is before 0")
    }

    fn signs(&self) -> bool {
        self.ear.may_sign && !self.stopped
    }

    fn hear(&mut self, echo: Echo) {
        self.stopped |= self.ear.hear(echo).is_err();
    }

    fn says(&mut self, now: u64) -> Option<Echo> {
        if self.stopped || !(now - self.plan.at).is_multiple_of(PERIOD) {
            return None;
        }
        let pulse = if self.ear.may_sign { Pulse::Beating } else { Pulse::Listening };
        self.beats += 1;
        let (boot, seq) = (self.plan.boot, self.plan.first_seq + self.beats);
        Some(Echo { boot, noted: NOTED, seq, time: UnixSeconds(Self::clock(self.plan, now)), pulse })
    }
}

/// Runs two copies, with heartbeats that arrive after `delay`; says whether ever both could sign, and whether one can in
/// the end.
fn two_copies(plans: [Plan; 2], delay: u64, network: Network) -> (bool, bool) {
    let mut nodes = plans.map(|plan| {
        let ear = Ear::starting(plan.boot, Running::clock(plan, plan.at));
        Running { plan, ear, stopped: false, beats: 0 }
    });
    let mut underway: Vec<(u64, usize, Echo)> = Vec::new();
    let mut witness = Witness::default();
    let mut both = false;
    for now in 0..160 {
        for (of, node) in nodes.iter_mut().enumerate().filter(|(_, node)| node.plan.at <= now) {
            node.ear.wait(u64::from(now > node.plan.at), true);
            for (_, _, echo) in underway.iter().filter(|(arrives, from, _)| *arrives == now && *from != of) {
                node.hear(*echo);
            }
            if let Some((_, kept)) = witness.beating.filter(|(from, _)| network == Network::OneWitness && *from != of) {
                node.hear(kept);
            }
            if let Some(echo) = node.says(now)
                && (network == Network::Open || witness.hears(of, echo))
            {
                underway.push((now + 1 + delay, of, echo));
            }
        }
        underway.retain(|(arrives, ..)| *arrives > now);
        both |= nodes.iter().all(Running::signs);
    }
    (both, nodes.iter().any(Running::signs))
}

#[test]
fn of_two_copies_at_most_one_ever_signs() {
    let first = Plan { boot: OURS, at: 0, off: 0, first_seq: 500 };
    for network in [Network::Open, Network::OneWitness] {
        for (boot, first_seq) in [(OURS - 1, 0), (OURS, 0), (OURS, 1_000), (OURS + 1, 0)] {
            for at in 0..=60 {
                for off in -30..=30 {
                    for delay in 0..=2 {
                        let second = Plan { boot, at, off, first_seq };
                        let (both, one) = two_copies([first, second], delay, network);
                        assert!(!both, "{network:?}, {second:?}, {delay} late: both could sign");
                        // Who could sign when the other started is not stopped by it.
                        assert!(one || at < 20, "{network:?}, {second:?}, {delay} late: none is left");
                    }
                }
            }
        }
    }
}

/// A backup that was put back, or a machine that was set back, is not its own past, however often it is started.
#[test]
fn a_guard_that_knows_less_than_it_announced_never_signs() {
    for boot in [OURS, OURS + 100] {
        let mut ear = Ear::starting(boot, START);
        let more = Echo { noted: NOTED + 1, ..beat(OURS - 1, 9, START - 500) };
        assert_eq!(ear.hear(more), Err(Twin::Behind { heard: NOTED + 1, ours: NOTED }));
        ear.calmly(Echo { noted: NOTED, ..more });
    }
}

/// A word from the days when its clock was wrong, which somebody kept.
#[test]
fn a_word_from_the_future_ends_no_start() {
    let mut ear = Ear::new();
    ear.calmly(beat(OURS - 1, 9, START + 301));
    assert_eq!(ear.hear(beat(OURS - 1, 9, START + 300)), Err(beside(OURS - 1)));
    assert_eq!(ear.hear(beat(OURS, 9, START + 301)), Err(ahead(OURS)));
}
