//! What holds of all histories and files, tried on random ones over so few keys and digests that they often meet, and
//! judged by every statement that there is in that small world.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use williw_core::cycle::Cycle;
use williw_core::guard::{History, Interchange, InterchangeFault, Merged, Taken, Verdict};
use williw_core::hash::Hash;
use williw_core::identity::Signer;
use williw_core::network::NetworkId;
use williw_core::statement::{ConflictKey, Kind, Statement};

use crate::dice::{Dice, for_seeds};

const NETWORK: NetworkId = NetworkId([0x4e; 32]);
const SIGNER: Signer = Signer([0xa1; 20]);

/// Both ends of the range, and a few in between.
const POSITIONS: [u64; 8] = [0, 1, 2, 3, 4, 5, u64::MAX - 1, u64::MAX];
const CYCLES: u64 = 3;
const DIGESTS: u64 = 3;

fn pick<T: Copy>(dice: &mut Dice, from: &[T]) -> T {
    from[usize::try_from(dice.below(from.len() as u64)).unwrap()]
}

fn is_slotted(kind: Kind) -> bool {
    match kind {
        Kind::Update | Kind::Checkpoint => true,
        Kind::RootVote | Kind::Proposal => false,
    }
}

fn statement(key: ConflictKey, cycle: u64, digest: u64) -> Statement {
    let digest = Hash([u8::try_from(digest).unwrap(); 32]);
    match key {
        ConflictKey::Slot { kind, slot } => Statement::new(kind, Cycle(cycle), slot, digest).unwrap(),
        ConflictKey::Cycle { kind, cycle } => Statement::new(kind, cycle, 0, digest).unwrap(),
    }
}

/// Every statement there is.
fn universe() -> Vec<Statement> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for position in POSITIONS {
            for cycle in 0..if is_slotted(kind) { CYCLES } else { 1 } {
                let key = ConflictKey::at(kind, position);
                all.extend((0..DIGESTS).map(|digest| statement(key, cycle, digest)));
            }
        }
    }
    all
}

fn some_key(dice: &mut Dice) -> ConflictKey {
    let (kind, position) = (pick(dice, &Kind::ALL), pick(dice, &POSITIONS));
    ConflictKey::at(kind, position)
}

fn some_statement(dice: &mut Dice) -> Statement {
    let key = some_key(dice);
    let (cycle, digest) = (dice.below(CYCLES), dice.below(DIGESTS));
    statement(key, cycle, digest)
}

fn some_history(dice: &mut Dice) -> History {
    let mut floors = BTreeMap::new();
    for kind in Kind::ALL {
        if dice.below(2) == 0 {
            floors.insert(kind, pick(dice, &POSITIONS[..6]));
        }
    }
    let mut taken = BTreeMap::new();
    for _ in 0..dice.below(16) {
        let signed = some_statement(dice);
        let what = if dice.below(4) == 0 { Taken::Closed } else { Taken::By(signed) };
        taken.insert(signed.conflict_key(), what);
    }
    History::new(floors, taken)
}

/// A file as anybody may write it: entries in any order, twice, in contradiction, of a signer in several parts.
fn some_file(dice: &mut Dice) -> Value {
    let parts: Vec<Value> = (0..=dice.below(3))
        .map(|_| {
            let mut lists: [Vec<Value>; 4] = Default::default();
            for _ in 0..dice.below(8) {
                let said = some_statement(dice);
                let position = said.conflict_key().position().to_string();
                let (known, digest) = (dice.below(4) != 0, said.digest().to_string());
                lists[usize::from(said.kind().byte()) - 1].push(match (is_slotted(said.kind()), known) {
                    (true, true) => json!({"slot": position, "cycle": said.cycle().to_string(), "digest": digest}),
                    (true, false) => json!({"slot": position}),
                    (false, true) => json!({"cycle": position, "digest": digest}),
                    (false, false) => json!({"cycle": position}),
                });
            }
            let [updates, checkpoints, root_votes, proposals] = lists;
            json!({"signer": SIGNER, "updates": updates, "checkpoints": checkpoints, "root_votes": root_votes,
                "proposals": proposals})
        })
        .collect();
    json!({"metadata": {"interchange_format_version": "1", "network_id": NETWORK}, "data": parts})
}

fn read(file: &Value) -> History {
    let file: Interchange = serde_json::from_str(&file.to_string()).unwrap();
    theirs(&file)
}

fn theirs(file: &Interchange) -> History {
    file.histories(NETWORK).unwrap().remove(&SIGNER).unwrap_or_default()
}

fn export(history: &History, how: impl Fn(NetworkId, u64, &BTreeMap<Signer, History>) -> Interchange) -> Interchange {
    how(NETWORK, 7, &BTreeMap::from([(SIGNER, history.clone())]))
}

/// Another history: random, or out of a random file.
fn other(dice: &mut Dice) -> History {
    if dice.below(2) == 0 { some_history(dice) } else { read(&some_file(dice)) }
}

fn is_new(history: &History, asked: &Statement) -> bool {
    history.judge(asked) == Ok(Verdict::New)
}

fn prune(history: &History, cycle: Cycle) -> History {
    let through = history.prunable(cycle);
    let mut pruned = history.clone();
    for (kind, position) in &through {
        pruned.raise(*kind, *position);
    }
    let kept = |key: &ConflictKey| through.get(&key.kind()).is_none_or(|through| key.position() > *through);
    History::new(pruned.floors().collect(), pruned.taken().filter(|(key, _)| kept(key)).collect())
}

#[test]
fn an_import_never_permits_what_was_refused() {
    let universe = universe();
    for_seeds(3_000, |dice| {
        let before = other(dice);
        let mut after = before.clone();
        for _ in 0..=dice.below(3) {
            after.merge(&other(dice));
        }
        for asked in &universe {
            if let Err(refusal) = before.judge(asked) {
                assert!(after.judge(asked).is_err(), "{asked} was refused ({refusal}) and is permitted\n{before:?}");
            }
        }
    });
}

#[test]
fn what_is_new_after_a_merge_was_new_on_both_sides_and_the_other_way_round() {
    let universe = universe();
    for_seeds(3_000, |dice| {
        let (ours, theirs) = (other(dice), other(dice));
        let mut merged = ours.clone();
        merged.merge(&theirs);
        let mut reversed = theirs.clone();
        reversed.merge(&ours);
        for asked in &universe {
            let both = is_new(&ours, asked) && is_new(&theirs, asked);
            assert_eq!(is_new(&merged, asked), both, "{asked}");
            assert_eq!(is_new(&reversed, asked), both, "{asked}, merged the other way round");
        }
        let once = merged.clone();
        assert_eq!(merged.merge(&theirs), Merged::default());
        assert_eq!(merged, once);
        assert_eq!(merged.merge(&once), Merged::default());
        assert_eq!(merged, once);
    });
}

#[test]
fn an_export_protects_elsewhere_as_it_does_here() {
    let universe = universe();
    for_seeds(3_000, |dice| {
        let here = other(dice);
        let complete = theirs(&export(&here, Interchange::complete));
        let minimal = theirs(&export(&here, Interchange::minimal));
        let floors: BTreeMap<Kind, u64> = here.floors().collect();
        for asked in &universe {
            let verdict = here.judge(asked);
            let (by_complete, by_minimal) = (complete.judge(asked), minimal.judge(asked));
            assert!(verdict == Ok(Verdict::New) || by_complete != Ok(Verdict::New), "{asked}: complete");
            assert!(by_complete.is_err() <= by_minimal.is_err(), "{asked}: minimal permits more than complete");
            assert!(verdict == Ok(Verdict::New) || by_minimal.is_err(), "{asked}: minimal");
            assert_ne!(by_minimal, Ok(Verdict::Same), "{asked}: minimal says what was signed");
            // Nor does it take more than it must: nothing from the floor on, or from the lowest statement if there is none.
            let position = asked.conflict_key().position();
            let of_kind = || here.taken().map(|(key, _)| key).filter(|key| key.kind() == asked.kind());
            let floor = floors.get(&asked.kind()).copied();
            let lowest = floor.or_else(|| of_kind().map(|key| key.position()).min());
            if lowest.is_none_or(|lowest| lowest <= position) {
                assert_eq!(by_complete.ok(), verdict.ok(), "{asked}: complete");
            }
            let highest = of_kind().map(|key| key.position()).max().max(floor);
            if highest.is_none_or(|highest| highest < position) {
                assert_eq!(by_minimal, Ok(Verdict::New), "{asked}: minimal");
            }
        }
    });
}

#[test]
fn a_file_is_the_same_after_it_was_written_and_read() {
    for_seeds(1_000, |dice| {
        let histories: BTreeMap<Signer, History> =
            (0..dice.below(4)).map(|_| (Signer([u8::try_from(dice.below(4)).unwrap(); 20]), other(dice))).collect();
        let boot = pick(dice, &[0, 1, 1 << 53]);
        for file in [Interchange::complete(NETWORK, boot, &histories), Interchange::minimal(NETWORK, boot, &histories)]
        {
            let text = serde_json::to_string(&file).unwrap();
            let again: Interchange = serde_json::from_str(&text).unwrap();
            assert_eq!(again, file);
            assert_eq!(serde_json::to_string(&again).unwrap(), text);
            assert_eq!(again.boot(), Some(boot));
            assert_eq!(again.histories(NETWORK), file.histories(NETWORK));
            assert!(again.histories(NETWORK).unwrap().keys().eq(histories.keys()), "a signer is missing");
        }
        let file = some_file(dice);
        let again: Interchange = serde_json::from_str(&file.to_string()).unwrap();
        assert_eq!(again.boot(), None);
        // What a file leaves out is not written as something.
        assert_eq!(serde_json::to_value(&again).unwrap(), file);
    });
}

#[test]
fn an_export_of_what_was_exported_is_the_same_file() {
    for_seeds(1_000, |dice| {
        let here = other(dice);
        for how in [Interchange::complete, Interchange::minimal] {
            let file = export(&here, how);
            assert_eq!(export(&theirs(&file), how), file);
        }
    });
}

#[test]
fn what_was_signed_is_still_known_after_an_own_file_came_back() {
    let universe = universe();
    for_seeds(1_000, |dice| {
        let before = other(dice);
        let mut after = before.clone();
        let merged = after.merge(&theirs(&export(&before, Interchange::complete)));
        assert_eq!(merged.closed, 0);
        for asked in &universe {
            let same = before.judge(asked) == Ok(Verdict::Same);
            assert_eq!(after.judge(asked) == Ok(Verdict::Same), same, "{asked}");
        }
    });
}

#[test]
fn pruning_forgets_what_is_old_and_permits_nothing() {
    let universe = universe();
    for_seeds(3_000, |dice| {
        let before = other(dice);
        let cycle = Cycle(dice.below(CYCLES + 3));
        let through = before.prunable(cycle);
        let after = prune(&before, cycle);
        for asked in &universe {
            let (was, is) = (before.judge(asked), after.judge(asked));
            assert!(was.is_ok() || is.is_err(), "{asked} was refused and is permitted");
            assert!(!is_new(&after, asked) || was == Ok(Verdict::New), "{asked} is new again");
            assert!(is != Ok(Verdict::Same) || was == Ok(Verdict::Same), "{asked} was never signed");
        }
        let floors: BTreeMap<Kind, u64> = before.floors().collect();
        for kind in Kind::ALL {
            // One after the other from the lowest on: the last before the first that has to be kept.
            let expected = before
                .taken()
                .filter(|(key, _)| key.kind() == kind)
                .take_while(|(key, taken)| match (key, taken) {
                    (ConflictKey::Cycle { cycle: of, .. }, _) => *of < cycle,
                    (ConflictKey::Slot { .. }, Taken::By(signed)) => signed.cycle() < cycle,
                    (ConflictKey::Slot { slot, .. }, Taken::Closed) => floors.get(&kind).is_some_and(|at| slot <= at),
                })
                .last()
                .map(|(key, _)| key.position());
            assert_eq!(through.get(&kind).copied(), expected, "{kind}");
        }
        for (_, taken) in before.taken() {
            if let Taken::By(signed) = taken
                && signed.cycle() >= cycle
            {
                assert_eq!(after.judge(&signed), Ok(Verdict::Same), "{signed} is young and was forgotten");
            }
        }
        assert_eq!(prune(&after, cycle).taken().count(), after.taken().count(), "pruning twice forgets more");
    });
}

#[test]
fn closed_entries_of_a_file_do_not_keep_a_history_from_being_pruned() {
    let closed = ConflictKey::at(Kind::Update, 3);
    let mut history = History::new(BTreeMap::from([(Kind::Update, 3)]), BTreeMap::from([(closed, Taken::Closed)]));
    for slot in 4..8 {
        let signed = statement(ConflictKey::at(Kind::Update, slot), slot, 1);
        history.note(signed.conflict_key(), Taken::By(signed));
    }
    assert_eq!(history.prunable(Cycle(6)), BTreeMap::from([(Kind::Update, 5)]));
    // Above the floor nothing says how old it is.
    history.note(ConflictKey::at(Kind::Update, 4), Taken::Closed);
    assert_eq!(history.prunable(Cycle(6)), BTreeMap::from([(Kind::Update, 3)]));
}

#[test]
fn no_two_statements_that_were_allowed_conflict() {
    for_seeds(3_000, |dice| {
        let mut history = if dice.below(2) == 0 { History::default() } else { some_history(dice) };
        let mut allowed: Vec<Statement> = Vec::new();
        let mut exported = history.clone();
        for _ in 0..60 {
            match dice.below(12) {
                0 => drop(history.merge(&other(dice))),
                1 => history = prune(&history, Cycle(dice.below(CYCLES + 3))),
                // A file of its own comes back, also an old one.
                2 => exported = theirs(&export(&history, Interchange::complete)),
                3 => drop(history.merge(&exported)),
                4 => history.raise(pick(dice, &Kind::ALL), pick(dice, &POSITIONS[..4])),
                _ => {
                    let asked = some_statement(dice);
                    if history.judge(&asked).is_ok() {
                        if let Some(other) = allowed.iter().find(|other| other.conflicts_with(&asked)) {
                            panic!("{asked} was allowed after {other}");
                        }
                        history.note(asked.conflict_key(), Taken::By(asked));
                        allowed.push(asked);
                    }
                }
            }
        }
    });
}

/// A guard that began to count there would soon count no further.
#[test]
fn nobody_lends_a_guard_more_starts_than_it_can_count() {
    let file = Interchange::complete(NETWORK, (1 << 53) + 1, &BTreeMap::new());
    assert_eq!(file.histories(NETWORK), Err(InterchangeFault::Boot((1 << 53) + 1)));
}
