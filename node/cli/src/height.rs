//! Heights under the names that they have on their chains.

use std::fmt;

use serde::Serialize;
use williw_core::cycle::Height;
use williw_core::identity::ChainId;

/// A height of Base, which is a block's number, or of Solana, which is a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum At {
    Block(u64),
    Slot(u64),
}

impl At {
    pub(crate) const fn on(chain: ChainId, Height(height): Height) -> Self {
        match chain {
            ChainId::Base => Self::Block(height),
            ChainId::Solana => Self::Slot(height),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(height) => write!(f, "block {height}"),
            Self::Slot(height) => write!(f, "slot {height}"),
        }
    }
}
