//! Brings every row to the active keys after a rotation, in the background, in short slices.

use std::sync::Arc;
use std::time::Duration;

use super::keyed_table::KeyedTable;
use super::store;
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::Causes;
use crate::storage::{Reach, StorageError, Store};
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Counter;

/// A slice holds SQLite's write lock, so it is kept below 5 ms.
const SLICE: Duration = Duration::from_millis(3);
/// Between slices others may write.
const PAUSE: Duration = Duration::from_millis(5);
const LOOK: Duration = Duration::from_secs(1);
/// While old keys are kept, a replica that learned of a new one late may still have used them: look
/// through everything again, this many looks later.
const AGAIN: u32 = 600;

/// Renews the rows of all tables.
pub struct Renewal {
    store: Store,
    keyring: Keyring,
    tables: Vec<Arc<dyn KeyedTable>>,
    renewed: Counter,
}

impl Renewal {
    pub fn new(store: Store, keyring: Keyring, tables: Vec<Arc<dyn KeyedTable>>, metrics: &Metrics) -> Self {
        let renewed = metrics.counter("resealed_rows", "Rows brought to the active keys");
        Self { store, keyring, tables, renewed }
    }

    /// Watches the keys until it is dropped.
    pub async fn run(self) {
        let mut looks = 0u32;
        let mut failing = false;
        loop {
            looks = looks.wrapping_add(1);
            match self.look(looks.is_multiple_of(AGAIN)).await {
                Ok(_) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(error = %Causes(&error), "rows cannot be brought to the active keys");
                }
                Err(_) => {}
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Brings everything to the active keys, unless that was done already; how many rows there were. A version
    /// newer than the active one was handed out, and may be active elsewhere already: its rows are left alone.
    ///
    /// # Errors
    /// If the store cannot answer, or a row does not open.
    pub async fn look(&self, again: bool) -> Result<u64, StorageError> {
        let active = (self.keyring.active(KeyUse::Seal), self.keyring.active(KeyUse::Index));
        let old_keys = [KeyUse::Seal, KeyUse::Index].into_iter().any(|of| self.keyring.versions(of).len() > 1);
        if !(again && old_keys) && self.store.read(Reach::Key, store::progress).await? == Some(active) {
            return Ok(0);
        }
        let mut rows = 0;
        if old_keys {
            for table in &self.tables {
                rows += self.pass(table).await?;
            }
        }
        self.store.write(move |tx| store::set_progress(tx.db()?, active)).await?;
        if rows > 0 {
            tracing::info!(rows, seal_version = active.0, index_version = active.1, "rows use the active keys");
        }
        Ok(rows)
    }

    /// Runs slices until one says that the pass is finished.
    async fn pass(&self, table: &Arc<dyn KeyedTable>) -> Result<u64, StorageError> {
        let mut after = Vec::new();
        let mut rows = 0;
        loop {
            let (renewing, from) = (table.clone(), after);
            let done = self.store.bulk(move |db| renewing.renew(db, &from, SLICE)).await?;
            self.renewed.inc_by(done.rows);
            rows += done.rows;
            let Some(next) = done.next else { return Ok(rows) };
            after = next;
            tokio::time::sleep(PAUSE).await;
        }
    }
}
