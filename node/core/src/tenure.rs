//! When a signer spoke for its operator. A statement outside that interval counts nowhere and slashes nowhere.

use serde::{Deserialize, Serialize};

use crate::cycle::Cycle;
use crate::identity::Owner;

/// How many cycles after a rotation the new signer begins: the one in which it happens and the next stay with the old.
const ROTATION_NOTICE: u64 = 2;

/// The one interval a signer ever has on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenure {
    pub owner: Owner,
    pub from: Cycle,
    /// The last cycle, once the signer was replaced.
    pub through: Option<Cycle>,
    /// The operator's term (how often its jail ended) in which the signer was installed. An earlier one is void.
    pub term: u64,
}

impl Tenure {
    /// The tenure of a signer that is valid at once: a first one, or the one that ends a jail.
    #[must_use]
    pub const fn begin(owner: Owner, from: Cycle, term: u64) -> Self {
        Self { owner, from, through: None, term }
    }

    /// Replaces the signer in `cycle`: the old one serves through the next cycle, the new one (returned) from then on.
    #[must_use]
    pub const fn rotate(&mut self, cycle: Cycle) -> Self {
        self.through = Some(cycle.plus(ROTATION_NOTICE - 1));
        Self { owner: self.owner, from: cycle.plus(ROTATION_NOTICE), through: None, term: self.term }
    }

    /// True if a statement of `cycle` by this signer counts for an operator in its `term`.
    #[must_use]
    pub fn covers(&self, cycle: Cycle, term: u64) -> bool {
        self.term == term && self.from <= cycle && self.through.is_none_or(|through| cycle <= through)
    }
}
