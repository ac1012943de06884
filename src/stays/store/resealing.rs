//! Rows under older keys.

use diesel::prelude::*;

use super::facilities::FacilityRow;
use super::guests::GuestRow;
use super::stays::StayRow;
use crate::storage::schema::{facilities, stay_guests, stays};
use crate::storage::{Db, StorageError};

pub fn facilities_before(db: &mut Db, version: i32, limit: i64) -> Result<Vec<FacilityRow>, StorageError> {
    Ok(facilities::table
        .filter(facilities::key_version.lt(version))
        .limit(limit)
        .select(FacilityRow::as_select())
        .load(db)?)
}

pub fn stays_before(db: &mut Db, version: i32, limit: i64) -> Result<Vec<StayRow>, StorageError> {
    Ok(stays::table.filter(stays::key_version.lt(version)).limit(limit).select(StayRow::as_select()).load(db)?)
}

/// Guests sealed, or hashed, under older keys than these.
pub fn guests_before(db: &mut Db, (seal, index): (i32, i32), limit: i64) -> Result<Vec<GuestRow>, StorageError> {
    Ok(stay_guests::table
        .filter(stay_guests::key_version.lt(seal).or(stay_guests::index_version.lt(index)))
        .limit(limit)
        .select(GuestRow::as_select())
        .load(db)?)
}

pub fn replace_facility(db: &mut Db, row: &FacilityRow) -> Result<(), StorageError> {
    diesel::update(facilities::table.find(row.facility_id.as_slice()))
        .set((facilities::key_version.eq(row.key_version), facilities::sealed.eq(row.sealed.as_slice())))
        .execute(db)?;
    Ok(())
}

/// Unless the stay was changed meanwhile: then it is under the active key.
pub fn replace_stay(db: &mut Db, row: &StayRow) -> Result<(), StorageError> {
    let same = stays::table.find(row.stay_id.as_slice()).filter(stays::row_version.eq(row.row_version));
    diesel::update(same)
        .set((stays::key_version.eq(row.key_version), stays::sealed.eq(row.sealed.as_slice())))
        .execute(db)?;
    Ok(())
}

pub fn replace_guest(db: &mut Db, row: &GuestRow) -> Result<(), StorageError> {
    diesel::update(stay_guests::table.find((row.stay_id.as_slice(), row.number)))
        .set((
            stay_guests::nature.eq(row.nature.as_deref()),
            stay_guests::document.eq(row.document.as_deref()),
            stay_guests::person.eq(row.person.as_slice()),
            stay_guests::index_version.eq(row.index_version),
            stay_guests::key_version.eq(row.key_version),
            stay_guests::sealed.eq(row.sealed.as_slice()),
        ))
        .execute(db)?;
    Ok(())
}

/// How many rows rest under a version of the sealing key.
pub fn sealed_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    let places: i64 = facilities::table.filter(facilities::key_version.eq(version)).count().get_result(db)?;
    let kept: i64 = stays::table.filter(stays::key_version.eq(version)).count().get_result(db)?;
    let guests: i64 = stay_guests::table.filter(stay_guests::key_version.eq(version)).count().get_result(db)?;
    Ok(places + kept + guests)
}

/// How many guests are found by hashes under a version of the index key.
pub fn indexed_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(stay_guests::table.filter(stay_guests::index_version.eq(version)).count().get_result(db)?)
}
