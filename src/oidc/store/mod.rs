//! The rows of the OpenID Provider.

pub mod backchannel;
pub mod codes;
pub mod interactions;
pub mod refresh_tokens;
pub mod requests;

use crate::kernel::Instant;
use crate::storage::{Db, StorageError};

/// How many rows that are still needed are sealed under a version of the key.
pub fn count_sealed_under(db: &mut Db, version: i32, now: Instant) -> Result<i64, StorageError> {
    Ok(requests::count_sealed_under(db, version, now)? + codes::count_sealed_under(db, version, now)?)
}
