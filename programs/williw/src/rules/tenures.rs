//! When a signer spoke for its operator. A statement outside that interval counts nowhere and slashes nowhere.

/// How many cycles after a rotation the new signer begins: the one in which it happens and the next stay with the old.
pub const ROTATION_NOTICE: u64 = 2;

/// The last cycle of a signer that was not replaced.
pub const FOREVER: u64 = u64::MAX;

/// The one interval that a signer ever has on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub from: u64,
    /// The last cycle, [`FOREVER`] until the signer is replaced.
    pub through: u64,
    /// The operator's term (how often its jail ended) in which the signer was installed. An earlier one is void.
    pub term: u64,
}

impl Interval {
    /// Of a signer that is valid at once: a first one, or the one that ends a jail.
    #[must_use]
    pub const fn begin(from: u64, term: u64) -> Self {
        Self { from, through: FOREVER, term }
    }

    /// Replaces the signer in `cycle`: the old one serves through the next cycle, the new one (returned) from then on.
    #[must_use]
    pub fn rotate(&mut self, cycle: u64) -> Self {
        let from = cycle.saturating_add(ROTATION_NOTICE);
        self.through = from.saturating_sub(1);
        Self { from, through: FOREVER, term: self.term }
    }

    /// True if a statement of `cycle` by this signer counts for an operator in its `term`.
    #[must_use]
    pub const fn covers(&self, cycle: u64, term: u64) -> bool {
        self.term == term && self.from <= cycle && cycle <= self.through
    }
}
