//! Confirmations, and whose change can make them void.

use diesel::prelude::*;

use crate::kernel::{CitizenId, Instant};
use crate::storage::schema::{residence_confirmations, residence_subjects};
use crate::storage::{Db, StorageError, insert_rows, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = residence_confirmations, treat_none_as_default_value = false)]
pub struct ConfirmationRow {
    pub confirmation_id: Vec<u8>,
    pub citizen_id: Vec<u8>,
    pub client_id: String,
    /// What was asked to be stated, as JSON.
    pub attributes: String,
    /// Whether the members of the household are named.
    pub members: bool,
    pub said: Vec<u8>,
    pub said_key: i32,
    pub code: Vec<u8>,
    pub issued_at: i64,
    pub expires_at: i64,
    pub wrong_codes: i32,
    pub wrong_since: i64,
}

impl ConfirmationRow {
    pub fn citizen(&self) -> Result<CitizenId, StorageError> {
        CitizenId::from_slice(&self.citizen_id).ok_or(StorageError::inconsistent_row(
            "residence_confirmations",
            "citizen_id",
            String::new(),
        ))
    }
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = residence_subjects, treat_none_as_default_value = false)]
struct SubjectRow {
    subject: Vec<u8>,
    confirmation_id: Vec<u8>,
}

pub fn insert(db: &mut Db, row: &ConfirmationRow, subjects: &[[u8; 16]]) -> Result<(), StorageError> {
    diesel::insert_into(residence_confirmations::table).values(row).execute(db)?;
    let rows: Vec<SubjectRow> = subjects
        .iter()
        .map(|subject| SubjectRow { subject: subject.to_vec(), confirmation_id: row.confirmation_id.clone() })
        .collect();
    insert_rows!(db, residence_subjects::table, &rows, columns = 2)?;
    Ok(())
}

pub fn find(db: &mut Db, id: &[u8]) -> Result<Option<ConfirmationRow>, StorageError> {
    let found = per_arm!(db, conn => residence_confirmations::table
        .find(id)
        .select(ConfirmationRow::as_select())
        .get_result(conn)
        .optional())?;
    Ok(found)
}

/// Confirmations a person or a household is a subject of, that are not over.
pub fn touching(db: &mut Db, subject: &[u8; 16], now: Instant) -> Result<Vec<ConfirmationRow>, StorageError> {
    let ids: Vec<Vec<u8>> = residence_subjects::table
        .filter(residence_subjects::subject.eq(subject.as_slice()))
        .select(residence_subjects::confirmation_id)
        .load(db)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(residence_confirmations::table
        .filter(residence_confirmations::confirmation_id.eq_any(ids))
        .filter(residence_confirmations::expires_at.gt(now.as_micros()))
        .select(ConfirmationRow::as_select())
        .load(db)?)
}

/// Whether any confirmation that is not over names the members of a household.
pub fn any_with_members(db: &mut Db, now: Instant) -> Result<bool, StorageError> {
    let such = residence_confirmations::table
        .filter(residence_confirmations::members.eq(true))
        .filter(residence_confirmations::expires_at.gt(now.as_micros()))
        .select(residence_confirmations::confirmation_id);
    Ok(diesel::select(diesel::dsl::exists(such)).get_result(db)?)
}

/// Counts a wrong code; the first of a window begins it anew.
pub fn count_wrong(db: &mut Db, id: &[u8], since: Instant, now: Instant) -> Result<(), StorageError> {
    let row = residence_confirmations::table.find(id);
    let within = row.filter(residence_confirmations::wrong_since.ge(since.as_micros()));
    let counted = diesel::update(within)
        .set(residence_confirmations::wrong_codes.eq(residence_confirmations::wrong_codes + 1))
        .execute(db)?;
    if counted == 0 {
        diesel::update(row)
            .set((residence_confirmations::wrong_codes.eq(1), residence_confirmations::wrong_since.eq(now.as_micros())))
            .execute(db)?;
    }
    Ok(())
}

/// Confirmations in force whose tag was made with an index key before `version`.
pub fn tagged_before(
    db: &mut Db,
    version: i32,
    now: Instant,
    limit: i64,
) -> Result<Vec<ConfirmationRow>, StorageError> {
    Ok(residence_confirmations::table
        .filter(residence_confirmations::said_key.lt(version))
        .filter(residence_confirmations::expires_at.gt(now.as_micros()))
        .select(ConfirmationRow::as_select())
        .limit(limit)
        .load(db)?)
}

/// How many confirmations in force need the index key `version`.
pub fn tagged_under(db: &mut Db, version: i32, now: Instant) -> Result<i64, StorageError> {
    Ok(residence_confirmations::table
        .filter(residence_confirmations::said_key.eq(version))
        .filter(residence_confirmations::expires_at.gt(now.as_micros()))
        .count()
        .get_result(db)?)
}

/// Gives a confirmation the same tag under another index key.
pub fn retag(db: &mut Db, id: &[u8], said: &[u8], version: i32) -> Result<(), StorageError> {
    diesel::update(residence_confirmations::table.find(id))
        .set((residence_confirmations::said.eq(said), residence_confirmations::said_key.eq(version)))
        .execute(db)?;
    Ok(())
}

/// Deletes up to `limit` confirmations that ended before `before`; how many there were.
pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = residence_confirmations::table
        .filter(residence_confirmations::expires_at.lt(before.as_micros()))
        .order(residence_confirmations::expires_at)
        .limit(limit)
        .select(residence_confirmations::confirmation_id)
        .load(db)?;
    diesel::delete(residence_subjects::table.filter(residence_subjects::confirmation_id.eq_any(&over))).execute(db)?;
    let gone = residence_confirmations::table.filter(residence_confirmations::confirmation_id.eq_any(&over));
    Ok(diesel::delete(gone).execute(db)?)
}
