//! Stages as columns, and back.

use williw_core::hash::Hash;
use williw_core::outbox::{Inclusion, IntentId, Outcome, Place, Purpose, Stage, Trail, Unsent};

use crate::error::StoreError;
use crate::row::Row;

/// A stage as the table has it. What the pin and the attempts say is in other tables.
#[derive(Default)]
pub(super) struct Course {
    pub(super) stage: i64,
    pub(super) attempt: Option<i64>,
    pub(super) height: Option<Vec<u8>>,
    pub(super) hash: Option<Vec<u8>>,
    pub(super) succeeded: Option<i64>,
    pub(super) unsent: Option<i64>,
    pub(super) free_at: Option<Vec<u8>>,
}

/// The first stage that is settled.
pub(super) const SETTLED: i64 = 5;

impl Course {
    pub(super) fn of(stage: Stage) -> Self {
        let free_at = stage.trail().map(|trail| trail.free_at.0.to_be_bytes().to_vec());
        Self { free_at, ..Self::without_trail(stage) }
    }

    fn without_trail(stage: Stage) -> Self {
        match stage {
            Stage::Intended => Self { stage: 1, ..Self::default() },
            Stage::Signed(_) => Self { stage: 2, ..Self::default() },
            Stage::Included(_, inclusion) => Self::included(3, inclusion),
            Stage::Spent(_, place) => Self::at(4, place),
            Stage::Settled(Outcome::Done(inclusion)) => Self::included(SETTLED, inclusion),
            Stage::Settled(Outcome::Failed(inclusion)) => Self::included(6, inclusion),
            Stage::Settled(Outcome::Cancelled(inclusion)) => Self::included(7, inclusion),
            Stage::Settled(Outcome::Overtaken(place)) => Self::at(8, place),
            Stage::Settled(Outcome::Expired(place)) => Self::at(9, place),
            Stage::Settled(Outcome::NotSent(why)) => {
                Self { stage: 10, unsent: Some(unsent_number(why)), ..Self::default() }
            }
        }
    }

    fn at(stage: i64, place: Place) -> Self {
        let (height, hash) = (place.height.0.to_be_bytes().to_vec(), place.hash.0.to_vec());
        Self { stage, height: Some(height), hash: Some(hash), ..Self::default() }
    }

    fn included(stage: i64, inclusion: Inclusion) -> Self {
        let (attempt, succeeded) = (Some(i64::from(inclusion.attempt)), Some(i64::from(inclusion.succeeded)));
        Self { attempt, succeeded, ..Self::at(stage, inclusion.place) }
    }

    /// The stage, for an intent with these attempts.
    pub(super) fn read(&self, row: &Row<u64>, trail: Option<Trail>, purposes: &[Purpose]) -> Result<Stage, StoreError> {
        let trail = || trail.ok_or_else(|| row.corrupt("it is past signing and has no pin"));
        Ok(match self.stage {
            1 => Stage::Intended,
            2 => Stage::Signed(trail()?),
            3 => Stage::Included(trail()?, self.inclusion(row, purposes)?),
            4 => Stage::Spent(trail()?, self.place(row)?),
            5 => Stage::Settled(Outcome::Done(self.inclusion(row, purposes)?)),
            6 => Stage::Settled(Outcome::Failed(self.inclusion(row, purposes)?)),
            7 => Stage::Settled(Outcome::Cancelled(self.inclusion(row, purposes)?)),
            8 => Stage::Settled(Outcome::Overtaken(self.place(row)?)),
            9 => Stage::Settled(Outcome::Expired(self.place(row)?)),
            10 => Stage::Settled(Outcome::NotSent(self.unsent(row)?)),
            other => return Err(row.corrupt(format_args!("{other} is no stage"))),
        })
    }

    fn place(&self, row: &Row<u64>) -> Result<Place, StoreError> {
        let (Some(height), Some(hash)) = (&self.height, &self.hash) else {
            return Err(row.corrupt("it names no block"));
        };
        Ok(Place { height: row.height("height", height)?, hash: Hash(row.bytes("hash", hash)?) })
    }

    fn inclusion(&self, row: &Row<u64>, purposes: &[Purpose]) -> Result<Inclusion, StoreError> {
        let attempt = self.attempt.and_then(|nth| u32::try_from(nth).ok()).unwrap_or_default();
        let purpose = attempt.checked_sub(1).and_then(|index| purposes.get(usize::try_from(index).ok()?));
        let (Some(purpose), Some(succeeded)) = (purpose, self.succeeded) else {
            return Err(row.corrupt("it names no attempt of its own"));
        };
        Ok(Inclusion { attempt, purpose: *purpose, place: self.place(row)?, succeeded: succeeded == 1 })
    }

    fn unsent(&self, row: &Row<u64>) -> Result<Unsent, StoreError> {
        match self.unsent {
            Some(1) => Ok(Unsent::Interrupted),
            Some(2) => Ok(Unsent::Refused),
            Some(3) => Ok(Unsent::NotItsTurn),
            Some(4) => Ok(Unsent::CalledOff),
            _ => Err(row.corrupt("it does not say why it was not sent")),
        }
    }
}

const fn unsent_number(why: Unsent) -> i64 {
    match why {
        Unsent::Interrupted => 1,
        Unsent::Refused => 2,
        Unsent::NotItsTurn => 3,
        Unsent::CalledOff => 4,
    }
}

pub(super) const fn purpose_number(purpose: Purpose) -> i64 {
    match purpose {
        Purpose::Call => 1,
        Purpose::Cancel => 2,
    }
}

pub(super) fn purpose(row: &Row<u64>, number: i64) -> Result<Purpose, StoreError> {
    match number {
        1 => Ok(Purpose::Call),
        2 => Ok(Purpose::Cancel),
        other => Err(row.corrupt(format_args!("{other} is no purpose"))),
    }
}

/// The number as SQLite counts rows.
pub(super) fn id_number(intent: IntentId) -> Result<i64, StoreError> {
    i64::try_from(intent.0).map_err(|_| StoreError::NoIntent { intent })
}
