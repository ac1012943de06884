//! Stays by their key.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::kernel::Instant;
use crate::storage::schema::{stay_approvals, stay_guests, stays};
use crate::storage::{Db, StorageError, insert_rows, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = stays, treat_none_as_default_value = false)]
pub struct StayRow {
    pub stay_id: Vec<u8>,
    pub facility_id: Vec<u8>,
    pub client_id: String,
    pub commune: i32,
    pub arrival: i64,
    pub planned_departure: Option<i64>,
    pub left_at: Option<i64>,
    pub state: i16,
    pub received_at: i64,
    pub deadline: i64,
    pub on_time: bool,
    pub guests: i32,
    pub marked: bool,
    pub revision: i32,
    pub row_version: i64,
    pub key_version: i32,
    pub sealed: Vec<u8>,
}

const COLUMNS: usize = 17;

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = stay_approvals, treat_none_as_default_value = false)]
pub struct ApprovalRow {
    pub grant_id: Vec<u8>,
    pub stay_id: Vec<u8>,
}

pub fn insert_all(db: &mut Db, rows: &[StayRow]) -> Result<(), StorageError> {
    insert_rows!(db, stays::table, rows, columns = COLUMNS)?;
    Ok(())
}

pub fn find(db: &mut Db, id: &[u8]) -> Result<Option<StayRow>, StorageError> {
    Ok(per_arm!(db, conn => stays::table.find(id).select(StayRow::as_select()).get_result(conn).optional())?)
}

/// Those that are there of `ids`, in no order.
pub fn find_all(db: &mut Db, ids: &[Vec<u8>]) -> Result<Vec<StayRow>, StorageError> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(super::guests::KEYS_AT_ONCE) {
        let rows = stays::table.filter(stays::stay_id.eq_any(chunk)).select(StayRow::as_select());
        found.append(&mut rows.load(db)?);
    }
    Ok(found)
}

/// Puts the next version of a row in the place of the one before.
///
/// # Errors
/// `Conflict` if somebody else did so meanwhile.
pub fn replace(db: &mut Db, row: &StayRow) -> Result<(), StorageError> {
    let before = stays::table.find(row.stay_id.as_slice()).filter(stays::row_version.eq(row.row_version - 1));
    let changed = diesel::update(before)
        .set((
            stays::arrival.eq(row.arrival),
            stays::planned_departure.eq(row.planned_departure),
            stays::left_at.eq(row.left_at),
            stays::state.eq(row.state),
            stays::deadline.eq(row.deadline),
            stays::on_time.eq(row.on_time),
            stays::guests.eq(row.guests),
            stays::marked.eq(row.marked),
            stays::revision.eq(row.revision),
            stays::row_version.eq(row.row_version),
            stays::key_version.eq(row.key_version),
            stays::sealed.eq(row.sealed.as_slice()),
        ))
        .execute(db)?;
    match changed {
        1 => Ok(()),
        _ => Err(StorageError::conflict("the stay was changed meanwhile")),
    }
}

/// The stays that rest on these approvals, with them.
pub fn approvals(db: &mut Db, grants: &[Vec<u8>]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StorageError> {
    if grants.is_empty() {
        return Ok(Vec::new());
    }
    Ok(stay_approvals::table
        .filter(stay_approvals::grant_id.eq_any(grants))
        .select((stay_approvals::grant_id, stay_approvals::stay_id))
        .load(db)?)
}

/// # Errors
/// `Conflict` if another stay rests on one of them.
pub fn insert_approvals(db: &mut Db, rows: &[ApprovalRow]) -> Result<(), StorageError> {
    insert_rows!(db, stay_approvals::table, rows, columns = 2)?;
    Ok(())
}

/// Deletes up to `limit` stays that ended before `before`, with their guests and approvals; how many there were. Also
/// one that nobody checked out of ends, with its planned departure or else its arrival.
pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    // As in the index of that name.
    let end = || sql::<BigInt>("coalesce(left_at, planned_departure, arrival)");
    let over: Vec<Vec<u8>> = stays::table
        .filter(end().lt(before.as_micros()))
        .filter(stays::received_at.lt(before.as_micros()))
        .order(end())
        .limit(limit)
        .select(stays::stay_id)
        .load(db)?;
    diesel::delete(stay_guests::table.filter(stay_guests::stay_id.eq_any(&over))).execute(db)?;
    diesel::delete(stay_approvals::table.filter(stay_approvals::stay_id.eq_any(&over))).execute(db)?;
    Ok(diesel::delete(stays::table.filter(stays::stay_id.eq_any(&over))).execute(db)?)
}
