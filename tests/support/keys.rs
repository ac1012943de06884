//! Which rows stand under versions of the keys, and how they are brought along.

use std::collections::BTreeSet;
use std::sync::Arc;

use dancu::app::keyed_tables;
use dancu::crypto::{KeyUse, Keyring, SystemEntropy};
use dancu::kernel::{Entropy, Instant};
use dancu::sealing::{KeyedTable, Renewal, TableRows, rows_under};
use dancu::storage::Store;
use dancu::telemetry::Metrics;

/// The keys and the rows of one installation.
pub struct Keys<'a> {
    pub store: &'a Store,
    pub keyring: &'a Keyring,
    pub now: Instant,
}

impl Keys<'_> {
    fn tables(&self) -> Vec<Arc<dyn KeyedTable>> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
        keyed_tables(self.keyring, &entropy)
    }

    /// The tables that are known to have rows under keys.
    pub fn names(&self) -> BTreeSet<String> {
        self.tables().iter().map(|table| table.name().to_owned()).collect()
    }

    /// The tables that have rows under a version.
    pub async fn under(&self, key_use: KeyUse, version: u32) -> Vec<TableRows> {
        rows_under(self.store, &self.tables(), (key_use, version), self.now).await.expect("the store answers")
    }

    /// The rows of some tables under a version.
    pub async fn of(&self, tables: &[&str], key_use: KeyUse, version: u32) -> u64 {
        let under = self.under(key_use, version).await.into_iter();
        under.filter(|found| tables.contains(&found.table)).map(|found| found.under.rows).sum()
    }

    /// Brings everything to the active keys; how many rows there were.
    pub async fn renew(&self) -> u64 {
        let renewal = Renewal::new(self.store.clone(), self.keyring.clone(), self.tables(), &Metrics::default());
        renewal.look(true).await.expect("all rows open")
    }
}
