//! The count of each version, and to which ones the rows were brought.

use diesel::prelude::*;

use super::KeyUsage;
use crate::storage::schema::{resealing_progress, sealing_key_uses};
use crate::storage::{Db, StorageError, per_arm};

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

/// The versions of the sealing and the index key that everything was last brought to.
pub fn progress(db: &mut Db) -> Result<Option<(u32, u32)>, StorageError> {
    let found: Option<(i32, i32)> = resealing_progress::table
        .find(1)
        .select((resealing_progress::seal_version, resealing_progress::index_version))
        .get_result(db)
        .optional()?;
    Ok(found.map(|(seal, index)| (seal.cast_unsigned(), index.cast_unsigned())))
}

pub fn set_progress(db: &mut Db, (seal, index): (u32, u32)) -> Result<(), StorageError> {
    let versions = (
        resealing_progress::seal_version.eq(seal.cast_signed()),
        resealing_progress::index_version.eq(index.cast_signed()),
    );
    per_arm!(db, conn => diesel::insert_into(resealing_progress::table)
        .values((resealing_progress::singleton.eq(1_i16), versions))
        .on_conflict(resealing_progress::singleton)
        .do_update()
        .set(versions)
        .execute(conn))?;
    Ok(())
}
