//! How far each imported file has come.

use diesel::prelude::*;

use crate::storage::schema::import_runs;
use crate::storage::{Db, StorageError, per_arm};

/// The state of one file's import. Digests are keyed: a short file could otherwise be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = import_runs, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ImportRun {
    /// Of the file's beginning.
    pub file_key: Vec<u8>,
    pub bytes_done: i64,
    pub rows_done: i64,
    /// Of all bytes done.
    pub digest_done: Vec<u8>,
    /// Length of the rejects file when these bytes were done.
    pub rejects_bytes: i64,
    /// The counts of the quality report, as JSON.
    pub tally: String,
    pub started_at: i64,
    pub updated_at: i64,
    pub finished_at: Option<i64>,
}

pub fn find(db: &mut Db, file_key: &[u8]) -> Result<Option<ImportRun>, StorageError> {
    let run = import_runs::table.find(file_key).select(ImportRun::as_select()).get_result(db).optional()?;
    Ok(run)
}

/// Stores the state; joins the transaction that stores the rows.
pub fn save(db: &mut Db, run: &ImportRun) -> Result<(), StorageError> {
    per_arm!(db, connection => diesel::insert_into(import_runs::table)
        .values(run)
        .on_conflict(import_runs::file_key)
        .do_update()
        .set(run)
        .execute(connection)?);
    Ok(())
}
