//! First answers to requests with an `Idempotency-Key`, sealed.

use diesel::dsl::{count_star, max};
use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::kept_answers;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = kept_answers, treat_none_as_default_value = false)]
pub struct KeptAnswerRow {
    /// A keyed hash of who asked and under which key.
    pub key: Vec<u8>,
    /// A keyed hash of the request.
    pub request: Vec<u8>,
    /// Version of the index key both were made with.
    pub index_version: i32,
    /// Version of the sealing key.
    pub key_version: i32,
    pub sealed: Vec<u8>,
    pub expires_at: i64,
}

impl KeptAnswerRow {
    /// What the sealed answer is bound to: a row put together from others does not open.
    pub fn bound_to(&self) -> Vec<u8> {
        let mut bytes = [self.key.as_slice(), &self.request].concat();
        bytes.extend(self.index_version.to_be_bytes());
        bytes.extend(self.expires_at.to_be_bytes());
        bytes
    }
}

/// The answer under any of the keys that is not over yet.
pub fn find(db: &mut Db, keys: &[[u8; 32]], now: Instant) -> Result<Option<KeptAnswerRow>, StorageError> {
    for key in keys {
        let found = per_arm!(db, conn => kept_answers::table
            .find(key.as_slice())
            .filter(kept_answers::expires_at.gt(now.as_micros()))
            .select(KeptAnswerRow::as_select())
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
pub fn insert(db: &mut Db, row: &KeptAnswerRow, now: Instant) -> Result<(), StorageError> {
    // One that is over and not swept yet makes room.
    let over = kept_answers::table.find(&row.key).filter(kept_answers::expires_at.le(now.as_micros()));
    diesel::delete(over).execute(db)?;
    diesel::insert_into(kept_answers::table).values(row).execute(db)?;
    Ok(())
}

/// Deletes up to `limit` answers that are over; how many there were.
pub fn sweep(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = kept_answers::table
        .filter(kept_answers::expires_at.le(now.as_micros()))
        .order(kept_answers::expires_at)
        .limit(limit)
        .select(kept_answers::key)
        .load(db)?;
    Ok(diesel::delete(kept_answers::table.filter(kept_answers::key.eq_any(over))).execute(db)?)
}

/// Answers sealed under a version, and when the last of them is over.
pub fn sealed_under(db: &mut Db, version: i32) -> Result<(i64, Option<i64>), StorageError> {
    Ok(kept_answers::table
        .filter(kept_answers::key_version.eq(version))
        .select((count_star(), max(kept_answers::expires_at)))
        .get_result(db)?)
}

/// Answers found by hashes under a version, and when the last of them is over.
pub fn hashed_under(db: &mut Db, version: i32) -> Result<(i64, Option<i64>), StorageError> {
    Ok(kept_answers::table
        .filter(kept_answers::index_version.eq(version))
        .select((count_star(), max(kept_answers::expires_at)))
        .get_result(db)?)
}
