//! First answers to requests with an `Idempotency-Key`, sealed.

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::qr_answers;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = qr_answers, treat_none_as_default_value = false)]
pub struct AnswerRow {
    pub key: Vec<u8>,
    /// Digest of the request.
    pub request: Vec<u8>,
    pub key_version: i32,
    pub sealed: Vec<u8>,
    pub expires_at: i64,
}

/// The answer under any of the keys.
pub fn find(db: &mut Db, keys: &[[u8; 32]]) -> Result<Option<AnswerRow>, StorageError> {
    for key in keys {
        let found = per_arm!(db, conn => qr_answers::table
            .find(key.as_slice())
            .select(AnswerRow::as_select())
            .get_result(conn)
            .optional())?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// # Errors
/// `Conflict` if there is an answer already.
pub fn insert(db: &mut Db, row: &AnswerRow) -> Result<(), StorageError> {
    diesel::insert_into(qr_answers::table).values(row).execute(db)?;
    Ok(())
}

/// Deletes up to `limit` answers that are over; how many there were.
pub fn sweep(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = qr_answers::table
        .filter(qr_answers::expires_at.lt(now.as_micros()))
        .order(qr_answers::expires_at)
        .limit(limit)
        .select(qr_answers::key)
        .load(db)?;
    Ok(diesel::delete(qr_answers::table.filter(qr_answers::key.eq_any(over))).execute(db)?)
}
