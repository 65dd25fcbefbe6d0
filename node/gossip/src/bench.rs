//! The door's registry with stand-ins for connections: a connection cannot be made without a handshake, which costs a
//! thousand times what the door does with it.

use std::fmt;

use williw_core::identity::PeerId;
use williw_core::standing::{Bar, Standing};

use crate::code::Refusal;
use crate::door::Live;
use crate::door::registry::{Registry, Ticket};

/// As large as what the door keeps of a connection.
type StandIn = [u8; size_of::<Live>()];

const STAND_IN: StandIn = [0; size_of::<Live>()];

/// The registry that the door's hooks use.
#[derive(Default)]
pub struct Registrations(Registry<StandIn>);

/// A connection that was let in.
#[derive(Clone, Copy, Debug)]
pub struct Entered(Ticket);

impl fmt::Debug for Registrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrations").finish_non_exhaustive()
    }
}

impl Registrations {
    pub fn place(&self, peer: PeerId, standing: Standing) {
        self.0.place(peer, standing);
    }

    /// What `after_handshake` does: registers, then judges.
    pub fn enter(&self, peer: PeerId) -> Result<Entered, Refusal> {
        self.0.enter(peer, STAND_IN).map(Entered)
    }

    /// What follows when a connection ends.
    pub fn leave(&self, peer: PeerId, entered: Entered) {
        self.0.leave(peer, entered.0);
    }

    /// What [`crate::Door::evict`] does: bars, then closes. Says how many connections it would have closed.
    #[must_use]
    pub fn evict(&self, peer: PeerId, bar: Bar) -> usize {
        let mut closed = 0;
        self.0.evict(peer, bar, |_| closed += 1);
        closed
    }
}
