//! How many have to agree, and on what they do.

use std::collections::BTreeMap;

/// How many of `endpoints` have to agree: more than half and at least two, unless there is only one.
#[must_use]
pub const fn quorum_of(endpoints: usize) -> usize {
    match endpoints {
        0 | 1 => 1,
        2 => 2,
        more => more / 2 + 1,
    }
}

/// The claim that at least `quorum` make. There is at most one, for a quorum is more than half.
pub(crate) fn agreed<T: Ord + Copy>(claims: &[(usize, T)], quorum: usize) -> Option<T> {
    let mut votes: BTreeMap<T, usize> = BTreeMap::new();
    for (_, claim) in claims {
        *votes.entry(*claim).or_default() += 1;
    }
    votes.into_iter().find(|(_, count)| *count >= quorum).map(|(claim, _)| claim)
}

/// The heights that at least `quorum` endpoints reach, the highest first: what fewer claim is nobody's business.
pub(crate) fn reached_heights(mut heights: Vec<u64>, quorum: usize) -> Vec<u64> {
    heights.sort_unstable_by(|a, b| b.cmp(a));
    let mut reached = heights.split_off(quorum.saturating_sub(1).min(heights.len()));
    reached.dedup();
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quorum_is_more_than_half_and_never_one_of_several() {
        let quorums: Vec<usize> = (1..=8).map(quorum_of).collect();
        assert_eq!(quorums, [1, 2, 2, 3, 3, 4, 4, 5]);
    }

    #[test]
    fn only_what_a_quorum_says_is_agreed() {
        assert_eq!(agreed(&[(0, 'a'), (1, 'b'), (2, 'a')], 2), Some('a'));
        assert_eq!(agreed(&[(0, 'a'), (1, 'b')], 2), None);
        assert_eq!(agreed::<char>(&[], 1), None);
    }

    #[test]
    fn a_height_that_too_few_reach_is_no_candidate() {
        assert_eq!(reached_heights(vec![99, 1_000_000, 100], 2), [100, 99]);
        assert_eq!(reached_heights(vec![7, 7, 7], 2), [7]);
        assert_eq!(reached_heights(vec![7], 2), [0_u64; 0]);
        assert_eq!(reached_heights(vec![7], 1), [7]);
    }
}
