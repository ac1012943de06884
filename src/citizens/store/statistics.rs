//! What PostgreSQL's planner knows of the population.

use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::SimpleConnection;

use crate::kernel::Causes;
use crate::storage::{Db, StorageError, Store};

/// Rows after which the planner is told for the first time.
const FIRST: u64 = 1_000;

/// Keeps the planner's statistics in step with what is brought in.
///
/// A statement that was planned while the tables were empty goes on reading them from end to end, in every
/// process, until somebody analyses them; PostgreSQL itself looks once a minute. An import became ten times as
/// slow by it.
#[derive(Debug)]
pub struct Statistics {
    written: AtomicU64,
    next: AtomicU64,
}

impl Default for Statistics {
    fn default() -> Self {
        Self { written: AtomicU64::new(0), next: AtomicU64::new(FIRST) }
    }
}

impl Statistics {
    /// Analyses the tables each time that twice as many rows were written; where that fails, the rows are in all
    /// the same. SQLite plans without statistics.
    pub async fn keep_up(&self, store: &Store, rows: u64) {
        let written = self.written.fetch_add(rows, Ordering::Relaxed) + rows;
        if store.is_sqlite() || written < self.next.load(Ordering::Relaxed) {
            return;
        }
        self.next.store(written * 2, Ordering::Relaxed);
        if let Err(error) = store.bulk(analyse).await {
            tracing::warn!(error = %Causes(&error), "PostgreSQL could not analyse the population; run ANALYZE when the import is done");
        }
    }
}

fn analyse(db: &mut Db) -> Result<(), StorageError> {
    Ok(db.batch_execute("ANALYZE citizens, identifiers, households, household_members")?)
}
