//! Rooms above that must react to what changes about a citizen.

use std::sync::Arc;
use std::time::Duration;

use super::change::ChangeKinds;
use super::service::Citizens;
use super::store::{reactors, read};
use crate::kernel::{Causes, CitizenId, Instant};
use crate::storage::{Reach, StorageError, Store, Tx};
use crate::telemetry::metrics::Gauge;

/// One line of the change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub seq: i64,
    pub citizen_id: CitizenId,
    /// The version of the record the change made.
    pub row_version: i64,
    pub kinds: ChangeKinds,
    pub changed_at: Instant,
}

/// Reacts to changes of citizens: a death revokes credentials, a move voids confirmations.
///
/// Every change comes at least once, in order, together with the reactor's cursor in one
/// transaction; the work may be run again, so it must be idempotent and keep its effects in `tx`.
pub trait Reactor: Send + Sync {
    /// Names the cursor; never changes.
    fn name(&self) -> &'static str;
    /// Which changes it wants to see.
    fn wants(&self) -> ChangeKinds;
    fn react(&self, tx: &mut Tx<'_>, change: &Change) -> Result<(), StorageError>;
}

/// How long a change may wait for a reactor before what the reactor watches is no longer called good.
const MOST_BEHIND: Duration = Duration::from_secs(60);

impl Citizens {
    /// Whether a change has waited longer than a minute for the reactor: then it is not known whether
    /// what the reactor would undo still stands.
    ///
    /// # Errors
    /// If the store cannot say: that is not known, either.
    pub async fn is_behind(&self, reactor: &'static str) -> Result<bool, StorageError> {
        let oldest = self.0.store.read(Reach::Key, move |db| -> Result<_, StorageError> {
            let cursor = reactors::cursor(db, reactor)?;
            Ok(read::changes_after(db, cursor, 1)?.first().map(|change| change.changed_at))
        });
        let now = self.0.clock.now();
        Ok(oldest.await?.is_some_and(|since| now.since(since) > MOST_BEHIND))
    }
}

/// Changes handed over in one transaction.
const PAGE: i64 = 100;
const POLL: Duration = Duration::from_millis(500);
/// Commits come by the hundred a second, few of them with changes: one look is for all of this time.
const GATHER: Duration = Duration::from_millis(50);

/// Runs one reactor along the change log.
pub struct ReactorRun {
    pub(super) store: Store,
    pub(super) reactor: Arc<dyn Reactor>,
    pub(super) lag: Gauge,
}

impl ReactorRun {
    /// Runs until it is dropped.
    pub async fn run(self) {
        let mut ticks = self.store.watch();
        let mut failing = false;
        loop {
            match self.catch_up().await {
                Ok(()) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(error = %Causes(&error), reactor = self.reactor.name(), "a reactor cannot go on");
                }
                Err(_) => {}
            }
            if tokio::time::timeout(POLL, ticks.changed()).await.is_ok_and(|tick| tick.is_err()) {
                tokio::time::sleep(POLL).await;
            }
            tokio::time::sleep(GATHER).await;
            ticks.mark_unchanged();
        }
    }

    /// Reacts to every change up to the log's end. A reactor that is new begins at the log's start.
    pub async fn catch_up(&self) -> Result<(), StorageError> {
        loop {
            let name = self.reactor.name();
            let (cursor, page, end) = self
                .store
                .read(Reach::Key, move |db| -> Result<_, StorageError> {
                    let cursor = reactors::cursor(db, name)?;
                    Ok((cursor, read::changes_after(db, cursor, PAGE)?, read::last_change(db)?))
                })
                .await?;
            self.lag.set(end - cursor);
            let Some(last) = page.last().map(|change| change.seq) else {
                return Ok(());
            };
            let reactor = Arc::clone(&self.reactor);
            let reacted = self.store.write(move |tx| -> Result<bool, StorageError> {
                if !reactors::advance(tx.db()?, name, cursor, last)? {
                    return Ok(false);
                }
                let mut wanted = page.iter().filter(|change| change.kinds.intersects(reactor.wants()));
                wanted.try_for_each(|change| reactor.react(tx, change))?;
                Ok(true)
            });
            if !reacted.await? {
                // Another replica was quicker, and tells when it has committed.
                return Ok(());
            }
        }
    }
}
