//! Guests by their stay and by keyed hashes.

use std::time::Duration;

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::{stay_guests, stays};
use crate::storage::{Db, StorageError, insert_rows};

/// Keys looked for by one statement.
pub const KEYS_AT_ONCE: usize = 500;

/// Guests who may be one person that are looked at: a number that many give is no one's.
const MOST_ALIKE: i64 = 100;
/// The state of stays that are not over.
const OPEN: i16 = 1;

/// A keyed hash.
pub type Tag = [u8; 16];

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = stay_guests, treat_none_as_default_value = false)]
pub struct GuestRow {
    pub stay_id: Vec<u8>,
    pub number: i16,
    pub citizen_id: Option<Vec<u8>>,
    pub nature: Option<Vec<u8>>,
    pub document: Option<Vec<u8>>,
    pub person: Vec<u8>,
    pub index_version: i32,
    pub removed_at: Option<i64>,
    pub key_version: i32,
    pub sealed: Vec<u8>,
}

const COLUMNS: usize = 10;

/// # Errors
/// `Conflict` if a guest of the same nature is there already.
pub fn insert_all(db: &mut Db, rows: &[GuestRow]) -> Result<(), StorageError> {
    insert_rows!(db, stay_guests::table, rows, columns = COLUMNS)?;
    Ok(())
}

/// Every guest of these stays, in order, those who were taken back included.
pub fn of_stays(db: &mut Db, stays: &[Vec<u8>]) -> Result<Vec<GuestRow>, StorageError> {
    let mut found = Vec::new();
    for chunk in stays.chunks(KEYS_AT_ONCE) {
        let rows = stay_guests::table
            .filter(stay_guests::stay_id.eq_any(chunk))
            .order((stay_guests::stay_id, stay_guests::number))
            .select(GuestRow::as_select());
        found.append(&mut rows.load(db)?);
    }
    Ok(found)
}

/// The stays that guests of these natures are in, with the natures.
pub fn by_nature(db: &mut Db, natures: &[Vec<u8>]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StorageError> {
    let mut found = Vec::new();
    for chunk in natures.chunks(KEYS_AT_ONCE) {
        let rows = stay_guests::table
            .filter(stay_guests::nature.eq_any(chunk))
            .select((stay_guests::nature.assume_not_null(), stay_guests::stay_id));
        found.append(&mut rows.load(db)?);
    }
    Ok(found)
}

/// Gives a guest other hashes, and marks whether they were taken back.
pub fn renew(db: &mut Db, row: &GuestRow) -> Result<(), StorageError> {
    diesel::update(stay_guests::table.find((row.stay_id.as_slice(), row.number)))
        .set((
            stay_guests::nature.eq(row.nature.as_deref()),
            stay_guests::document.eq(row.document.as_deref()),
            stay_guests::person.eq(row.person.as_slice()),
            stay_guests::index_version.eq(row.index_version),
            stay_guests::removed_at.eq(row.removed_at),
        ))
        .execute(db)?;
    Ok(())
}

/// Frees the natures of a stay's guests, so that they can be reported again.
pub fn free(db: &mut Db, stay: &[u8]) -> Result<(), StorageError> {
    diesel::update(stay_guests::table.filter(stay_guests::stay_id.eq(stay)))
        .set(stay_guests::nature.eq(None::<&[u8]>))
        .execute(db)?;
    Ok(())
}

/// The guests with one of these documents, or names and birth dates, who are at this facility in a stay
/// that is open and reaches into the day that begins with `arrival`: the earliest arrivals. A stay
/// without a planned departure is one of a day.
pub fn staying_at(
    db: &mut Db,
    facility: &[u8],
    (documents, persons): (&[Vec<u8>], &[Vec<u8>]),
    arrival: Instant,
) -> Result<Vec<GuestRow>, StorageError> {
    const A_DAY: Duration = Duration::from_secs(24 * 3600);
    let planned = stays::planned_departure.gt(arrival.as_micros());
    let unplanned = stays::planned_departure.is_null().and(stays::arrival.gt(arrival.minus(A_DAY).as_micros()));
    let alike = stay_guests::document.eq_any(documents).or(stay_guests::person.eq_any(persons));
    Ok(stay_guests::table
        .inner_join(stays::table)
        .filter(stays::facility_id.eq(facility))
        .filter(stays::state.eq(OPEN))
        .filter(planned.or(unplanned))
        .filter(stays::arrival.lt(arrival.plus(A_DAY).as_micros()))
        .filter(stay_guests::removed_at.is_null())
        .filter(alike)
        .order((stays::arrival, stay_guests::stay_id, stay_guests::number))
        .limit(MOST_ALIKE)
        .select(GuestRow::as_select())
        .load(db)?)
}
