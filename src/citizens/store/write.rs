//! Writes one citizen inside a running transaction.

use diesel::prelude::*;

use crate::citizens::Citizen;
use crate::citizens::change::ChangeKinds;
use crate::citizens::sealing::Sealing;
use crate::kernel::{CitizenId, Instant};
use crate::storage::schema::{citizens, identifiers};
use crate::storage::{Db, StorageError, Tx};

use super::apply::{Batch, lock_change_log};
use super::plan::{Known, Refusal, plan_change, plan_new};
use super::rows::{CitizenRow, IdentifierKind};

/// What an upsert did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upserted {
    Created,
    Updated {
        row_version: i64,
        kinds: ChangeKinds,
    },
    /// The store held just this; nothing was written.
    Unchanged {
        row_version: i64,
    },
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteError {
    /// The record is no longer at the version the change was made for.
    #[error("the record has changed since it was read")]
    Stale,
    #[error("the citizen cannot be stored: {0:?}")]
    Refused(Refusal),
    #[error("the citizen store failed")]
    Storage(#[from] StorageError),
}

impl From<diesel::result::Error> for WriteError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// Stores `citizen` under its `citizen_id`: record, identifiers, household and a line of the change
/// log. With `expected`, only if the store still holds that version (0: nobody).
pub fn upsert(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    citizen: &Citizen,
    expected: Option<i64>,
    at: Instant,
) -> Result<Upserted, WriteError> {
    upsert_in(tx.db()?, sealing, citizen, expected, at)
}

/// The same in a transaction of bulk work.
pub fn upsert_in(
    db: &mut Db,
    sealing: &Sealing,
    citizen: &Citizen,
    expected: Option<i64>,
    at: Instant,
) -> Result<Upserted, WriteError> {
    lock_change_log(db)?;
    let known = find_known(db, sealing, citizen.citizen_id)?;
    let row_version = known.as_ref().map_or(0, |known| known.row_version);
    if expected.is_some_and(|expected| expected != row_version) {
        return Err(WriteError::Stale);
    }
    refuse_numbers_of_others(db, sealing, citizen, known.as_ref())?;
    let plan = match &known {
        None => plan_new(sealing, citizen)?,
        Some(known) => match plan_change(sealing, known, citizen)? {
            None => return Ok(Upserted::Unchanged { row_version }),
            Some(plan) => plan,
        },
    };
    let upserted = match plan.is_new() {
        true => Upserted::Created,
        false => Upserted::Updated { row_version: plan.row_version(), kinds: plan.kinds() },
    };
    let mut batch = Batch::default();
    batch.push(plan, at);
    batch.apply(db)?;
    Ok(upserted)
}

fn find_known(db: &mut Db, sealing: &Sealing, id: CitizenId) -> Result<Option<Known>, WriteError> {
    let row: Option<CitizenRow> =
        citizens::table.find(id.0.to_vec()).select(CitizenRow::as_select()).get_result(db).optional()?;
    row.map(|row| Ok(Known { citizen: sealing.open(&row)?, row_version: row.row_version })).transpose()
}

/// Looks at each number under every key version, which the primary key alone cannot do while keys
/// are being rotated.
fn refuse_numbers_of_others(
    db: &mut Db,
    sealing: &Sealing,
    citizen: &Citizen,
    known: Option<&Known>,
) -> Result<(), WriteError> {
    let cancelled = |numbers: &[_]| numbers.contains(&citizen.id_number);
    if cancelled(&citizen.cancelled_id_numbers)
        || known.is_some_and(|known| cancelled(&known.citizen.cancelled_id_numbers))
    {
        return Err(WriteError::Refused(Refusal::NumberCancelled));
    }
    for version in sealing.index_versions() {
        for number in std::iter::once(&citizen.id_number).chain(&citizen.cancelled_id_numbers) {
            let hash = sealing.number_hash(version, number)?;
            let holder: Option<(Vec<u8>, bool)> = identifiers::table
                .find((IdentifierKind::Number as i16, version as i32, hash.to_vec(), 0_i64))
                .select((identifiers::citizen_id, identifiers::active))
                .get_result(db)
                .optional()?;
            match holder {
                Some((holder, _)) if holder == citizen.citizen_id.0 => {}
                Some((_, true)) => return Err(WriteError::Refused(Refusal::NumberHeldByAnother)),
                Some((_, false)) => return Err(WriteError::Refused(Refusal::NumberCancelled)),
                None => {}
            }
        }
    }
    Ok(())
}
