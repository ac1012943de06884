//! News by long poll: whoever waits looks again when something changed.

use std::time::Duration;

use super::Eid;
use crate::eid::model::TransactionState;
use crate::eid::store::transactions;
use crate::kernel::{Instant, TransactionId};
use crate::storage::{Reach, StorageError};

/// Nobody waits longer at once.
pub const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// Changes come in bursts; whoever waits looks again no sooner than this after the last look, and
/// the later the more are waiting: ten thousand look twice a second, an eighth of a processor's work.
const REST: Duration = Duration::from_millis(40);
const REST_PER_WAITER: Duration = Duration::from_micros(50);
/// Expiry makes no news, and a link between replicas may be down.
const LOOK_ANYWAY: Duration = Duration::from_secs(2);

impl Eid {
    /// What became of a request; one that nobody knows any more has expired.
    pub async fn state(&self, id: TransactionId) -> Result<TransactionState, StorageError> {
        let row = self.0.store.read(Reach::Key, move |db| transactions::state_of(db, id)).await?;
        let now = self.0.clock.now();
        let state = row.map_or(Some(TransactionState::Expired), |(state, expires)| {
            TransactionState::of_row(state, Instant::from_micros(expires), now)
        });
        state.ok_or_else(|| transactions::impossible("state"))
    }

    /// The same, once it is no longer pending, or after `timeout` (25 seconds at most).
    pub async fn wait(&self, id: TransactionId, timeout: Duration) -> Result<TransactionState, StorageError> {
        let look = async || {
            let state = self.state(id).await?;
            Ok((state != TransactionState::Pending).then_some(state))
        };
        Ok(self.until(timeout, look).await?.unwrap_or(TransactionState::Pending))
    }

    fn rest(&self) -> Duration {
        let waiting = self.0.config.waiters.saturating_sub(self.0.waiters.available_permits());
        REST + REST_PER_WAITER * u32::try_from(waiting).unwrap_or(u32::MAX)
    }

    /// Looks until something is seen; `None` after `timeout`. Where too many wait already, looks once.
    pub(super) async fn until<T>(
        &self,
        timeout: Duration,
        look: impl AsyncFn() -> Result<Option<T>, StorageError>,
    ) -> Result<Option<T>, StorageError> {
        let mut ticks = self.0.store.watch();
        ticks.mark_unchanged();
        if let Some(seen) = look().await? {
            return Ok(Some(seen));
        }
        let Ok(_place) = self.0.waiters.try_acquire() else { return Ok(None) };
        let end = tokio::time::Instant::now() + timeout.min(LONGEST_WAIT);
        loop {
            let now = tokio::time::Instant::now();
            if now >= end {
                return Ok(None);
            }
            let next = end.min(now + LOOK_ANYWAY);
            let told = tokio::time::timeout_at(next, ticks.changed()).await;
            match told {
                // The store is gone; what is left to do is to say so.
                Ok(Err(_)) => return look().await,
                Ok(Ok(())) => tokio::time::sleep_until(end.min(now + self.rest())).await,
                Err(_) => {}
            }
            ticks.mark_unchanged();
            if let Some(seen) = look().await? {
                return Ok(Some(seen));
            }
        }
    }
}
