//! Follows the change log, so that no replica answers from a record that has changed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cache::Cache;
use super::change::ChangeKinds;
use super::metrics::CitizensMetrics;
use super::store::read;
use crate::kernel::Causes;
use crate::storage::{Reach, StorageError, Store};

const PAGE: i64 = 1000;
/// A change that nobody announced is found by looking.
const POLL: Duration = Duration::from_millis(250);

pub struct Follower {
    store: Store,
    cache: Arc<Cache>,
    metrics: Arc<CitizensMetrics>,
    cursor: i64,
}

impl Follower {
    /// Begins at the end of the log: nothing is cached yet.
    pub async fn begin(store: Store, cache: Arc<Cache>, metrics: Arc<CitizensMetrics>) -> Result<Self, StorageError> {
        let began = Instant::now();
        let cursor = store.read(Reach::Key, read::last_change).await?;
        cache.followed(began);
        Ok(Self { store, cache, metrics, cursor })
    }

    /// Follows until it is dropped.
    pub async fn run(mut self) {
        let mut ticks = self.store.watch();
        let mut failing = false;
        loop {
            match self.catch_up().await {
                Ok(()) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(error = %Causes(&error), "the change log cannot be followed; records are read anew each time");
                }
                Err(_) => {}
            }
            // A watch that has ended leaves the poll.
            if tokio::time::timeout(POLL, ticks.changed()).await.is_ok_and(|tick| tick.is_err()) {
                tokio::time::sleep(POLL).await;
            }
        }
    }

    /// Drops all that changed since the last look.
    pub async fn catch_up(&mut self) -> Result<(), StorageError> {
        loop {
            let began = Instant::now();
            let cursor = self.cursor;
            let page = self.store.read(Reach::Key, move |db| read::changes_after(db, cursor, PAGE)).await?;
            for change in &page {
                let numbers = change.kinds.intersects(ChangeKinds::CREATED | ChangeKinds::NUMBER);
                self.cache.drop_changed(change.citizen_id, numbers).await;
                self.cursor = change.seq;
            }
            if (page.len() as i64) < PAGE {
                self.cache.followed(began);
                self.metrics.followed.set_now();
                return Ok(());
            }
        }
    }
}
