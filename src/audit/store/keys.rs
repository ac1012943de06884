//! The table of data keys.

use diesel::prelude::*;

use crate::storage::schema::audit_data_keys;
use crate::storage::{Db, StorageError};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_data_keys)]
pub(in crate::audit) struct DataKeyRow {
    pub log: i32,
    pub number: i32,
    /// Index of the first entry sealed under it.
    pub first: i64,
    pub key_version: i32,
    pub sealed: Vec<u8>,
}

pub(in crate::audit) fn insert_data_key(db: &mut Db, row: &DataKeyRow) -> Result<(), StorageError> {
    diesel::insert_into(audit_data_keys::table).values(row).execute(db)?;
    Ok(())
}

/// The data keys of a log, oldest first.
pub(in crate::audit) fn data_keys(db: &mut Db, log: i32) -> Result<Vec<DataKeyRow>, StorageError> {
    Ok(audit_data_keys::table
        .filter(audit_data_keys::log.eq(log))
        .order(audit_data_keys::number.asc())
        .select(DataKeyRow::as_select())
        .load(db)?)
}

/// How many data keys are sealed under a version of the keyring.
pub(in crate::audit) fn data_keys_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(audit_data_keys::table.filter(audit_data_keys::key_version.eq(version)).count().get_result(db)?)
}

/// Data keys under a version older than `version`, the first of each log first.
pub(in crate::audit) fn data_keys_before(
    db: &mut Db,
    version: i32,
    limit: i64,
) -> Result<Vec<DataKeyRow>, StorageError> {
    Ok(audit_data_keys::table
        .filter(audit_data_keys::key_version.lt(version))
        .order((audit_data_keys::log.asc(), audit_data_keys::number.asc()))
        .limit(limit)
        .select(DataKeyRow::as_select())
        .load(db)?)
}

pub(in crate::audit) fn rewrap_data_key(db: &mut Db, row: &DataKeyRow) -> Result<(), StorageError> {
    diesel::update(audit_data_keys::table)
        .filter(audit_data_keys::log.eq(row.log))
        .filter(audit_data_keys::number.eq(row.number))
        .set((audit_data_keys::key_version.eq(row.key_version), audit_data_keys::sealed.eq(&row.sealed)))
        .execute(db)?;
    Ok(())
}

/// Deletes the data keys of a log under which nothing is left that has not expired.
pub(in crate::audit) fn expire_data_keys(db: &mut Db, log: i32, below: u64) -> Result<usize, StorageError> {
    let current: Option<i32> = audit_data_keys::table
        .filter(audit_data_keys::log.eq(log))
        .filter(audit_data_keys::first.le(below.cast_signed()))
        .select(diesel::dsl::max(audit_data_keys::number))
        .get_result(db)?;
    Ok(diesel::delete(audit_data_keys::table)
        .filter(audit_data_keys::log.eq(log))
        .filter(audit_data_keys::number.lt(current.unwrap_or(0)))
        .execute(db)?)
}
