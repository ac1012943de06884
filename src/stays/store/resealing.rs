//! Rows under older keys.

use diesel::prelude::*;

use super::facilities::FacilityRow;
use super::guests::GuestRow;
use super::stays::StayRow;
use crate::sealing::Sealed;
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

pub fn replace_facility(db: &mut Db, row: &FacilityRow, sealed: &Sealed) -> Result<(), StorageError> {
    diesel::update(facilities::table.find(row.facility_id.as_slice()))
        .set((facilities::key_version.eq(sealed.key_version), facilities::sealed.eq(sealed.bytes.as_slice())))
        .execute(db)?;
    Ok(())
}

/// Unless the stay was changed meanwhile: then it is under the active key.
pub fn replace_stay(db: &mut Db, row: &StayRow, sealed: &Sealed) -> Result<(), StorageError> {
    let same = stays::table.find(row.stay_id.as_slice()).filter(stays::row_version.eq(row.row_version));
    diesel::update(same)
        .set((stays::key_version.eq(sealed.key_version), stays::sealed.eq(sealed.bytes.as_slice())))
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

/// Facilities sealed under a version.
pub fn facilities_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(facilities::table.filter(facilities::key_version.eq(version)).count().get_result(db)?)
}

/// Stays sealed under a version.
pub fn stays_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(stays::table.filter(stays::key_version.eq(version)).count().get_result(db)?)
}

/// Guests sealed under a version.
pub fn guests_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(stay_guests::table.filter(stay_guests::key_version.eq(version)).count().get_result(db)?)
}

/// Guests found by hashes under a version of the index key.
pub fn guests_hashed_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(stay_guests::table.filter(stay_guests::index_version.eq(version)).count().get_result(db)?)
}
