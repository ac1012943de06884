//! The tables whose rows stand under versions of the keys: sealed, or found by keyed hashes.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::crypto::KeyUse;
use crate::kernel::Instant;
use crate::storage::{Db, Reach, StorageError, Store};

/// A table with such rows. The composition root holds the list of all: a key is retired only when none of them
/// needs it, and rows are brought to the active keys from it.
pub trait KeyedTable: Send + Sync {
    /// As the database names it.
    fn name(&self) -> &'static str;

    /// The rows that need a version of [`KeyUse::Seal`] or [`KeyUse::Index`]. Those that nobody will open or look
    /// for any more need none.
    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, now: Instant) -> Result<RowsUnder, StorageError>;

    /// Brings rows after `after` to the active keys, for about `budget`: it holds SQLite's write lock. Rows that expire
    /// by themselves, or that their room brings along with other work, are left.
    fn renew(&self, _db: &mut Db, _after: &[u8], _budget: Duration) -> Result<Renewed, StorageError> {
        Ok(Renewed::default())
    }
}

/// How many rows of a table need a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RowsUnder {
    pub rows: u64,
    /// When the last of them expires, if they do so by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

impl RowsUnder {
    /// Rows that stay until they are brought to another key.
    pub fn lasting(rows: i64) -> Self {
        Self { rows: rows.cast_unsigned(), until: None }
    }

    /// Rows that expire, the last of them at this instant (in µs, as its column has it).
    pub fn expiring((rows, until): (i64, Option<i64>)) -> Self {
        Self { rows: rows.cast_unsigned(), until: until.map(Instant::from_micros) }
    }
}

/// Where a pass over a table stands, and what it did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renewed {
    /// From where the next part of the pass goes on; `None` when it is finished.
    pub next: Option<Vec<u8>>,
    pub rows: u64,
}

impl Renewed {
    /// Of a table that is asked for what is left until nothing is.
    pub fn some(rows: usize) -> Self {
        Self { next: (rows > 0).then(Vec::new), rows: rows as u64 }
    }
}

/// A table, and its rows that need a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TableRows {
    pub table: &'static str,
    #[serde(flatten)]
    pub under: RowsUnder,
}

/// Every table of the list that has rows under the version.
///
/// # Errors
/// If the store cannot answer.
pub async fn rows_under(
    store: &Store,
    tables: &[Arc<dyn KeyedTable>],
    (key_use, version): (KeyUse, u32),
    now: Instant,
) -> Result<Vec<TableRows>, StorageError> {
    let mut found = Vec::new();
    for table in tables {
        let (asked, version) = (table.clone(), version.cast_signed());
        let under = store.read(Reach::Scan, move |db| asked.rows_under(db, key_use, version, now)).await?;
        if under.rows > 0 {
            found.push(TableRows { table: table.name(), under });
        }
    }
    Ok(found)
}
