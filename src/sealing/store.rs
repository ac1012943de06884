//! The count of each version.

use diesel::prelude::*;

use super::KeyUsage;
use crate::storage::schema::sealing_key_uses;
use crate::storage::{Db, StorageError};

/// Adds to the count of a version, or takes from it.
///
/// # Errors
/// `Conflict` if another process counts the version for the first time at this moment.
pub fn add(db: &mut Db, version: u32, by: i64) -> Result<(), StorageError> {
    let version = version.cast_signed();
    let changed = diesel::update(sealing_key_uses::table.find(version))
        .set(sealing_key_uses::seals.eq(sealing_key_uses::seals + by))
        .execute(db)?;
    if changed == 0 {
        diesel::insert_into(sealing_key_uses::table)
            .values((sealing_key_uses::key_version.eq(version), sealing_key_uses::seals.eq(by)))
            .execute(db)?;
    }
    Ok(())
}

/// By version.
pub fn all(db: &mut Db) -> Result<Vec<KeyUsage>, StorageError> {
    let rows = sealing_key_uses::table.order(sealing_key_uses::key_version).load::<(i32, i64)>(db)?;
    let usage = |(version, seals): (i32, i64)| KeyUsage {
        version: version.cast_unsigned(),
        seals: u64::try_from(seals).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(usage).collect())
}
