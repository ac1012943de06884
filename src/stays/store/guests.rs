//! Guests by their stay and by keyed hashes.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

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
    pub elsewhere: bool,
    pub removed_at: Option<i64>,
    pub key_version: i32,
    pub sealed: Vec<u8>,
}

const COLUMNS: usize = 11;

/// What makes two guests one person, hashed under each version of the index key.
pub enum Alike {
    /// A document's number.
    Document(Vec<Vec<u8>>),
    /// The number, and name and birth date.
    DocumentAndPerson(Vec<Vec<u8>>, Vec<Vec<u8>>),
    /// Name and birth date, where there is no document.
    Person(Vec<Vec<u8>>),
}

/// The key of the advisory lock that whoever enters guests holds ("stays" read as a number).
const GUESTS_LOCK: i64 = 0x73_7461_7973;

/// Lets no other transaction enter guests or look for them until this one ends (PostgreSQL; SQLite has one
/// writer anyway).
///
/// Of two that enter one guest at two places at the same moment, neither would see the other's row, and nobody
/// would be marked. It is one lock for all guests: jobs that share a transaction would take locks of single
/// guests in no order, and more of them than PostgreSQL has room for. Two transactions that take this one and
/// the change log's the other way round are told apart by PostgreSQL and tried again.
pub fn lock(db: &mut Db) -> Result<(), StorageError> {
    if let Db::Pg(pg) = db {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(GUESTS_LOCK).execute(pg)?;
    }
    Ok(())
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

/// The guests who are this one, and are at another facility at some time between `arrival` and `until`, in
/// stays that are open: the latest arrivals.
pub fn staying_elsewhere(
    db: &mut Db,
    alike: &Alike,
    facility: &[u8],
    arrival: Instant,
    until: Option<Instant>,
) -> Result<Vec<(Vec<u8>, i16)>, StorageError> {
    // Hash by hash, of which there are two only while a key is exchanged: statements with lists are prepared anew.
    let found = |db: &mut Db, document: Option<&[u8]>, person: Option<&[u8]>| {
        let still_there = stays::planned_departure.is_null().or(stays::planned_departure.gt(arrival.as_micros()));
        let others = stay_guests::table
            .inner_join(stays::table)
            .filter(stays::state.eq(OPEN))
            .filter(stays::facility_id.ne(facility))
            .filter(still_there)
            .filter(stays::arrival.lt(until.map_or(i64::MAX, Instant::as_micros)))
            .filter(stay_guests::removed_at.is_null())
            .order((stays::arrival.desc(), stay_guests::stay_id, stay_guests::number))
            .limit(MOST_ALIKE)
            .select((stay_guests::stay_id, stay_guests::number));
        match (document, person) {
            (Some(document), Some(person)) => {
                others.filter(stay_guests::document.eq(document)).filter(stay_guests::person.eq(person)).load(db)
            }
            (Some(document), None) => others.filter(stay_guests::document.eq(document)).load(db),
            (None, Some(person)) => {
                others.filter(stay_guests::document.is_null()).filter(stay_guests::person.eq(person)).load(db)
            }
            (None, None) => Ok(Vec::new()),
        }
    };
    let mut all: Vec<(Vec<u8>, i16)> = Vec::new();
    match alike {
        Alike::Document(documents) => {
            for document in documents {
                all.append(&mut found(db, Some(document), None)?);
            }
        }
        Alike::DocumentAndPerson(documents, persons) => {
            for (document, person) in documents.iter().zip(persons) {
                all.append(&mut found(db, Some(document), Some(person))?);
            }
        }
        Alike::Person(persons) => {
            for person in persons {
                all.append(&mut found(db, None, Some(person))?);
            }
        }
    }
    Ok(all)
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

/// Marks that a guest is reported as staying elsewhere at the same time.
pub fn mark_elsewhere(db: &mut Db, stay: &[u8], number: i16) -> Result<(), StorageError> {
    diesel::update(stay_guests::table.find((stay, number)))
        .filter(stay_guests::elsewhere.eq(false))
        .set(stay_guests::elsewhere.eq(true))
        .execute(db)?;
    Ok(())
}
