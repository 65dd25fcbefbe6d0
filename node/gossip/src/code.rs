//! The error codes by which the door closes connections, so that a peer can tell why.
//!
//! | code | reason | when |
//! |---|---|---|
//! | 0x100 | unknown | no operator names the peer |
//! | 0x101 | unread | its chains were not read yet since this node started; try again later |
//! | 0x102 | stake | its active stake is too small |
//! | 0x103 | slash | a slash is on its way |
//! | 0x104 | jailed | it was slashed |
//! | 0x105 | reputation | it behaved very badly here |
//! | 0x110 | probation | it is doubted: what is open stays, nothing new is let in; try again later |
//! | 0x111 | crowded | it has too many connections here already |
//! | 0x112 | stalled | it did not read what gossip sent it; gossip only, try again in some minutes |
//!
//! Codes below 0x100 belong to the protocols behind the door. The reason travels as ASCII and says no more than the code
//! does: what exactly this node knows about a peer is told to whoever runs the node.

use iroh::endpoint::VarInt;
use williw_core::standing::Bar;

/// Why the door does not let a connection be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The peer is barred.
    Barred(Bar),
    /// The peer is on probation, and the connection is a new one.
    Suspended,
    /// The peer has as many connections as it may have.
    Crowded,
    /// The peer made gossip stand still lately, and the connection is for gossip.
    Stalled,
}

impl Refusal {
    /// The application error code of the closed connection.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::Barred(bar) => match bar {
                Bar::Unknown => 0x100,
                Bar::Unread { .. } => 0x101,
                Bar::StakeTooSmall { .. } => 0x102,
                Bar::SlashPending { .. } => 0x103,
                Bar::Jailed { .. } => 0x104,
                Bar::Disreputable { .. } => 0x105,
            },
            Self::Suspended => 0x110,
            Self::Crowded => 0x111,
            Self::Stalled => 0x112,
        }
    }

    /// The reason that goes with the code.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Barred(bar) => match bar {
                Bar::Unknown => "unknown",
                Bar::Unread { .. } => "unread",
                Bar::StakeTooSmall { .. } => "stake",
                Bar::SlashPending { .. } => "slash",
                Bar::Jailed { .. } => "jailed",
                Bar::Disreputable { .. } => "reputation",
            },
            Self::Suspended => "probation",
            Self::Crowded => "crowded",
            Self::Stalled => "stalled",
        }
    }

    pub(crate) const fn wire(self) -> VarInt {
        VarInt::from_u32(self.code())
    }
}
