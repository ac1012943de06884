//! What may be used once only.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::kernel::Instant;
use crate::storage::schema::spent_tokens;
use crate::storage::{Db, StorageError};

/// Why nothing was spent.
#[derive(Debug)]
pub enum SpendError {
    Spent,
    Storage(StorageError),
}

impl From<StorageError> for SpendError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Spends `digest` until `expires_at`.
///
/// # Errors
/// `Spent` if it was spent before, by any process.
pub fn spend(db: &mut Db, digest: &[u8; 32], expires_at: Instant) -> Result<(), SpendError> {
    let row = (spent_tokens::digest.eq(&digest[..]), spent_tokens::expires_at.eq(expires_at.as_micros()));
    match diesel::insert_into(spent_tokens::table).values(row).execute(db) {
        Ok(_) => Ok(()),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(SpendError::Spent),
        Err(error) => Err(SpendError::Storage(error.into())),
    }
}

/// Forgets up to `limit` digests whose time is over; how many there were.
pub fn sweep(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = spent_tokens::table
        .filter(spent_tokens::expires_at.lt(now.as_micros()))
        .order(spent_tokens::expires_at)
        .limit(limit)
        .select(spent_tokens::digest)
        .load(db)?;
    Ok(diesel::delete(spent_tokens::table.filter(spent_tokens::digest.eq_any(over))).execute(db)?)
}
