//! The rows of access.

pub mod grants;
pub mod sessions;
pub mod spent;
pub mod subjects;

use crate::kernel::Instant;
use crate::storage::{Db, StorageError};

/// Forgets up to `limit` rows of each kind whose time is over; the most there were of one kind.
pub fn sweep(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let swept = [
        spent::sweep(db, now, limit)?,
        sessions::sweep(db, now, limit)?,
        sessions::sweep_links(db, now, limit)?,
        grants::sweep(db, now, limit)?,
        grants::sweep_tokens(db, now, limit)?,
    ];
    Ok(swept.into_iter().max().unwrap_or_default())
}
