//! Guests by their stay and by keyed hashes.

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::{stay_guests, stays};
use crate::storage::{Db, StorageError, insert_rows};

/// Keys looked for by one statement.
pub const KEYS_AT_ONCE: usize = 500;

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
    pub elsewhere: bool,
    pub removed_at: Option<i64>,
    pub key_version: i32,
    pub sealed: Vec<u8>,
}

const COLUMNS: usize = 11;

/// A guest who is staying somewhere, by their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staying {
    pub stay_id: Vec<u8>,
    pub number: i16,
    pub document: Option<Vec<u8>>,
    pub person: Vec<u8>,
    pub facility_id: Vec<u8>,
    pub arrival: i64,
    pub planned_departure: Option<i64>,
}

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

/// Who of these documents and persons is in a stay that is open.
pub fn staying(db: &mut Db, documents: &[Vec<u8>], persons: &[Vec<u8>]) -> Result<Vec<Staying>, StorageError> {
    const OPEN: i16 = 1;
    let mut found = Vec::new();
    let columns = (
        stay_guests::stay_id,
        stay_guests::number,
        stay_guests::document,
        stay_guests::person,
        stays::facility_id,
        stays::arrival,
        stays::planned_departure,
    );
    let present = || {
        stay_guests::table
            .inner_join(stays::table)
            .filter(stays::state.eq(OPEN))
            .filter(stay_guests::removed_at.is_null())
            .select(columns)
    };
    for chunk in documents.chunks(KEYS_AT_ONCE) {
        found.append(&mut present().filter(stay_guests::document.eq_any(chunk)).load(db)?);
    }
    for chunk in persons.chunks(KEYS_AT_ONCE) {
        let nameless = present().filter(stay_guests::document.is_null());
        found.append(&mut nameless.filter(stay_guests::person.eq_any(chunk)).load(db)?);
    }
    Ok(found.into_iter().map(Staying::of).collect())
}

type StayingColumns = (Vec<u8>, i16, Option<Vec<u8>>, Vec<u8>, Vec<u8>, i64, Option<i64>);

impl Staying {
    fn of((stay_id, number, document, person, facility_id, arrival, planned_departure): StayingColumns) -> Self {
        Self { stay_id, number, document, person, facility_id, arrival, planned_departure }
    }

    /// Whether somebody who stays from `arrival` to `until` stays there at the same time.
    pub fn overlaps(&self, arrival: Instant, until: Option<Instant>) -> bool {
        self.planned_departure.is_none_or(|end| arrival.as_micros() < end)
            && until.is_none_or(|until| self.arrival < until.as_micros())
    }
}

/// Marks that a guest is reported as staying elsewhere at the same time.
pub fn mark_elsewhere(db: &mut Db, stay: &[u8], number: i16) -> Result<(), StorageError> {
    diesel::update(stay_guests::table.find((stay, number))).set(stay_guests::elsewhere.eq(true)).execute(db)?;
    Ok(())
}
