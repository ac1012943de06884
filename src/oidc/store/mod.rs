//! The rows of the OpenID Provider.

pub mod backchannel;
pub mod codes;
pub mod interactions;
pub mod refresh_tokens;
pub mod requests;

use crate::kernel::Instant;
use crate::storage::{Db, StorageError};

/// Forgets up to `limit` rows of each kind whose time is over; the most there were of one kind.
pub fn sweep(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let swept = [
        requests::sweep(db, now, limit)?,
        interactions::sweep(db, now, limit)?,
        codes::sweep(db, now, limit)?,
        refresh_tokens::sweep(db, now, limit)?,
        backchannel::sweep(db, now, limit)?,
    ];
    Ok(swept.into_iter().max().unwrap_or_default())
}

/// How many rows that are still needed are sealed under a version of the key.
pub fn count_sealed_under(db: &mut Db, version: i32, now: Instant) -> Result<i64, StorageError> {
    Ok(requests::count_sealed_under(db, version, now)? + codes::count_sealed_under(db, version, now)?)
}

/// A column that holds what it cannot.
pub fn inconsistent(table: &'static str, column: &'static str) -> StorageError {
    StorageError::Inconsistent { table, column, row: String::new() }
}
