//! What keeps a log in shape beside the answers: signing, sorting, expiry, re-sealing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::error::AuditError;
use super::notary::Notary;
use super::records::Openers;
use super::{expiry, sorting, store};
use crate::kernel::{Causes, Clock, Entropy};
use crate::storage::{Reach, Store};

/// How often expired entries are looked for.
const EXPIRY_EVERY: Duration = Duration::from_secs(3600);

pub(super) struct Upkeep {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub notary: Notary,
    pub openers: Openers,
    pub retention: Duration,
}

impl Upkeep {
    pub(super) async fn run(self: Arc<Self>, every: Duration, mut stop: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut expired_at: Option<std::time::Instant> = None;
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.notary.sign().await {
                tracing::error!(error = %Causes(&error), "the audit log's head was not signed");
            }
            let due = expired_at.is_none_or(|at| at.elapsed() >= EXPIRY_EVERY);
            let done = if due { self.tidy().await } else { self.sort().await };
            match done {
                Ok(()) if due => expired_at = Some(std::time::Instant::now()),
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(error = %Causes(&error), "the audit's upkeep was put off");
                }
            }
        }
    }

    pub(super) async fn tidy(&self) -> Result<(), AuditError> {
        self.sort().await?;
        let cutoff = self.clock.now().minus(self.retention);
        for log in self.store.read(Reach::Scan, store::logs).await? {
            if expiry::expire(&self.store, &log, cutoff, self.clock.now(), &self.entropy).await? {
                self.openers.forget();
            }
        }
        Ok(())
    }

    async fn sort(&self) -> Result<(), AuditError> {
        for log in self.store.read(Reach::Scan, store::logs).await? {
            let mut row = log;
            while let Some(sorted) = sorting::sort_next(&self.store, &row).await? {
                row.sorted_below = sorted;
            }
        }
        Ok(())
    }
}
