//! What was signed for an intent, and for how long a missing receipt tells something about it.

use super::{Contradiction, Inclusion, Pin, Purpose};
use crate::cycle::Height;

/// The most transactions that are signed for one intent. The last is kept for a cancellation: whoever wants to stop what
/// was raised again and again has to have something to outbid it with.
pub const ATTEMPTS_CAP: u32 = 14;

/// For how many blocks ordinary nodes keep receipts, and some to spare for reorganisations: four hours and a half of Base.
/// The least of them that are in use drop receipts after ten thousand blocks.
pub const REMEMBERED_BLOCKS: u64 = 8_000;

/// What was signed for an intent so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trail {
    pub pin: Pin,
    /// How many attempts there are.
    pub attempts: u32,
    /// A height at which a quorum had the pin unused, not long before the latest one: whatever used it did so later. Of a
    /// blockhash it is the slot of its block, before which nothing can have it.
    pub free_at: Height,
}

impl Trail {
    /// Whether it means something that endpoints with this block, which keep receipts for so many blocks, have none of any
    /// attempt. Later than this whoever says so may have forgotten it, and what used the pin has to be found.
    #[must_use]
    pub const fn absence_tells(self, at: Height, remembered: u64) -> bool {
        at.0.saturating_sub(self.free_at.0) <= remembered
    }

    /// The pin was unused at this height. Only now and then is that worth a write. Of a blockhash it says nothing: it lives
    /// for less time than endpoints remember.
    pub(super) const fn free_as_of(self, height: Height) -> Self {
        if let Pin::Blockhash { .. } = self.pin {
            return self;
        }
        if height.0.saturating_sub(self.free_at.0) > REMEMBERED_BLOCKS / 2 {
            Self { free_at: height, ..self }
        } else {
            self
        }
    }

    /// One attempt more.
    pub(super) fn with(self, pin: Pin, purpose: Purpose) -> Result<Self, Contradiction> {
        if pin != self.pin {
            return Err(Contradiction::OtherPin);
        }
        let kept = match purpose {
            Purpose::Call => 1,
            Purpose::Cancel => 0,
        };
        match pin {
            Pin::Blockhash { .. } => Err(Contradiction::SignedTwice),
            Pin::Nonce(_) if self.attempts.saturating_add(kept) >= ATTEMPTS_CAP => Err(Contradiction::TooManyAttempts),
            Pin::Nonce(_) => Ok(Self { attempts: self.attempts.saturating_add(1), ..self }),
        }
    }

    pub(super) fn known(self, inclusion: Inclusion) -> Result<Inclusion, Contradiction> {
        if (1..=self.attempts).contains(&inclusion.attempt) {
            Ok(inclusion)
        } else {
            Err(Contradiction::UnknownAttempt(inclusion.attempt))
        }
    }
}
