//! Codes on their way to a contact.

use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::eid_outbox;
use crate::storage::{Db, StorageError};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = eid_outbox, treat_none_as_default_value = false)]
pub struct OutboxRow {
    pub activation_id: Vec<u8>,
    pub key_version: i32,
    pub sealed: Vec<u8>,
    pub attempts: i16,
    pub due_at: i64,
    pub expires_at: i64,
}

pub fn insert(db: &mut Db, row: &OutboxRow) -> Result<(), StorageError> {
    diesel::insert_into(eid_outbox::table).values(row).execute(db)?;
    Ok(())
}

/// Up to `limit` codes that are due.
pub fn due(db: &mut Db, now: Instant, limit: i64) -> Result<Vec<OutboxRow>, StorageError> {
    Ok(eid_outbox::table
        .filter(eid_outbox::due_at.le(now.as_micros()))
        .filter(eid_outbox::expires_at.gt(now.as_micros()))
        .order(eid_outbox::due_at)
        .limit(limit)
        .select(OutboxRow::as_select())
        .load(db)?)
}

/// Takes a code up until `again_at`, when another try is due; `false` if another process has it.
pub fn take_up(db: &mut Db, row: &OutboxRow, again_at: Instant) -> Result<bool, StorageError> {
    let as_read = eid_outbox::table.find(row.activation_id.as_slice()).filter(eid_outbox::due_at.eq(row.due_at));
    Ok(diesel::update(as_read)
        .set((eid_outbox::due_at.eq(again_at.as_micros()), eid_outbox::attempts.eq(row.attempts + 1)))
        .execute(db)?
        == 1)
}

pub fn delete(db: &mut Db, activation: &[u8]) -> Result<(), StorageError> {
    diesel::delete(eid_outbox::table.find(activation)).execute(db)?;
    Ok(())
}

/// Codes sealed under a version, and when the last of them expires.
pub fn sealed_under(db: &mut Db, version: i32) -> Result<(i64, Option<i64>), StorageError> {
    Ok(eid_outbox::table
        .filter(eid_outbox::key_version.eq(version))
        .select((count_star(), max(eid_outbox::expires_at)))
        .get_result(db)?)
}
