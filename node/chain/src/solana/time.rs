//! What time it was at a slot, as several endpoints have it.

use williw_core::cycle::{Height, UnixSeconds};

/// How far apart the clocks of two endpoints may be at one slot, in seconds.
pub(crate) const SPREAD: u64 = 120;

/// How far apart the slots may be of which something is said. Nobody is so far ahead who is not lying.
const FAR_SLOTS: u64 = 1_500;

/// An endpoint, a slot, and the time that it says it was then.
pub(crate) type Said = (usize, Height, UnixSeconds);

/// The time at a slot, rather too early than too late, and whose clock is far from it: everybody's if there is none.
///
/// Each endpoint says the time at a slot of its own, mostly some slots apart. A slot takes less than a second, so from what
/// is said of a later one follows the least that it can have been. The middle one lies between honest ones while the liars
/// are fewer; it counts if a quorum says about the same. Too late would be worse than too early: a cycle would be over
/// that is not.
pub(crate) fn time_of(said: &[Said], slot: Height, quorum: usize) -> (Option<UnixSeconds>, Vec<Said>) {
    let later = |at: Height| at.0.saturating_sub(slot.0);
    let least = |(_, at, time): &Said| UnixSeconds(time.0.saturating_sub(later(*at)));
    let mut times: Vec<UnixSeconds> = said.iter().map(least).collect();
    times.sort_unstable();
    let Some(&middle) = times.get(times.len().saturating_sub(1) / 2) else { return (None, Vec::new()) };
    // What is said of far slots is less exact.
    let widest = said.iter().map(|(_, at, _)| at.0.abs_diff(slot.0)).max().unwrap_or_default().min(FAR_SLOTS);
    let is_near = |said: &&Said| least(said).0.abs_diff(middle.0) <= SPREAD + widest;
    let (near, far): (Vec<&Said>, Vec<&Said>) = said.iter().partition(is_near);
    if near.len() >= quorum {
        (Some(middle), far.into_iter().copied().collect())
    } else {
        // Who is right cannot be told.
        (None, said.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &[(u64, u64)], quorum: usize) -> (Option<u64>, Vec<usize>) {
        let said: Vec<Said> =
            said.iter().enumerate().map(|(index, (slot, time))| (index, Height(*slot), UnixSeconds(*time))).collect();
        let (time, far) = time_of(&said, Height(50), quorum);
        (time.map(|time| time.0), far.into_iter().map(|(index, ..)| index).collect())
    }

    #[test]
    fn one_liar_among_three_moves_the_time_by_seconds_and_is_named() {
        assert_eq!(check(&[(50, 1_000), (50, 1_000), (50, 1_000)], 2), (Some(1_000), vec![]));
        assert_eq!(check(&[(50, 1_000), (50, 9_000), (50, 1_004)], 2), (Some(1_004), vec![1]));
        assert_eq!(check(&[(50, 0), (50, 1_000), (50, 1_004)], 2), (Some(1_000), vec![0]));
        assert_eq!(check(&[(9_050, 10_000), (50, 10_000), (51, 10_000)], 2), (Some(9_999), vec![0]));
    }

    #[test]
    fn what_is_said_of_a_later_slot_is_held_to_the_least_that_it_was() {
        assert_eq!(check(&[(50, 1_000), (60, 1_004)], 2), (Some(994), vec![]));
        assert_eq!(check(&[(50, 1_000), (1_050, 1_400)], 2), (Some(400), vec![]));
        assert_eq!(check(&[(40, 996), (50, 1_000), (60, 1_004)], 2), (Some(996), vec![]));
    }

    #[test]
    fn of_two_that_disagree_neither_is_believed() {
        assert_eq!(check(&[(50, 1_000), (50, 9_000)], 2), (None, vec![0, 1]));
        assert_eq!(check(&[(50, 10_000), (9_050, 10_000)], 2), (None, vec![0, 1]), "nor is one of the far future");
        assert_eq!(check(&[(50, 7)], 1), (Some(7), vec![]));
        assert_eq!(check(&[], 1), (None, vec![]));
    }
}
