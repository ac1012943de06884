//! News by long poll: whoever waits looks again when something changed.

use std::time::Duration;

use tokio::sync::{SemaphorePermit, watch};
use tokio::time::Instant as Moment;

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
        let state = row.map_or(Some(TransactionState::Expired), |(state, expires, taken)| {
            TransactionState::of_row(state, taken.is_some(), Instant::from_micros(expires), now)
        });
        state.ok_or(StorageError::inconsistent("eid_transactions", "state"))
    }

    /// The same, once it is no longer pending, or after `timeout` (25 seconds at most).
    pub async fn wait(&self, id: TransactionId, timeout: Duration) -> Result<TransactionState, StorageError> {
        let mut lookout = self.lookout(timeout);
        loop {
            let state = self.state(id).await?;
            if state != TransactionState::Pending || !lookout.again().await {
                return Ok(state);
            }
        }
    }

    /// For whoever looks again and again until `timeout` (25 seconds at most).
    pub(super) fn lookout(&self, timeout: Duration) -> Lookout<'_> {
        let end = Moment::now() + timeout.min(LONGEST_WAIT);
        Lookout { eid: self, ticks: self.0.store.watch(), end, place: None }
    }

    fn rest(&self) -> Duration {
        let waiting = self.0.config.waiters.saturating_sub(self.0.waiters.available_permits());
        REST + REST_PER_WAITER * u32::try_from(waiting).unwrap_or(u32::MAX)
    }
}

/// Tells when to look again.
pub(super) struct Lookout<'a> {
    eid: &'a Eid,
    ticks: watch::Receiver<u64>,
    end: Moment,
    /// Taken by the first wait.
    place: Option<SemaphorePermit<'a>>,
}

impl Lookout<'_> {
    /// Waits until something may have changed; `false` once the time is up, or at once where too
    /// many are waiting.
    pub async fn again(&mut self) -> bool {
        let now = Moment::now();
        if now >= self.end {
            return false;
        }
        if self.place.is_none() {
            self.place = self.eid.0.waiters.try_acquire().ok();
        }
        if self.place.is_none() {
            return false;
        }
        match tokio::time::timeout_at(self.end.min(now + LOOK_ANYWAY), self.ticks.changed()).await {
            // The store is gone, and says so to whoever looks.
            Ok(Err(_)) => tokio::time::sleep_until(self.end.min(now + LOOK_ANYWAY)).await,
            Ok(Ok(())) => tokio::time::sleep_until(self.end.min(now + self.eid.rest())).await,
            Err(_) => {}
        }
        self.ticks.mark_unchanged();
        true
    }
}
