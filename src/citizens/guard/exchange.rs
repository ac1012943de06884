//! The exchange of counters with the database, about once a second.

use std::sync::Arc;
use std::time::Duration;

use super::ledger::Ledger;
use super::meter::Delta;
use super::{GuardConfig, Guards, horizon, lock};
use crate::access::{FairPermitLimits, FairPermits};
use crate::citizens::metrics::CitizensMetrics;
use crate::citizens::store::guards::{self, Counter};
use crate::crypto::Keyring;
use crate::kernel::{Causes, Clock, Instant};
use crate::storage::{Reach, StorageError, Store};

const EVERY: Duration = Duration::from_secs(1);
/// Clocks of replicas may differ by this much.
const SLACK: Duration = Duration::from_secs(10);
/// Counters of other replicas read in one exchange.
const MOST_TOUCHED: i64 = 20_000;
/// Exchanges between two sweeps.
const SWEEP: u32 = 600;

/// Keeps the counters in step with the database.
pub struct Exchange {
    guards: Arc<Guards>,
    clock: Arc<dyn Clock>,
}

impl Guards {
    /// Reads the counters that still count.
    pub async fn open(
        config: GuardConfig,
        store: Store,
        keyring: Keyring,
        clock: &dyn Clock,
        metrics: Arc<CitizensMetrics>,
    ) -> Result<Self, StorageError> {
        let guards = Self {
            ledger: Ledger::new(config.capacity).into(),
            batches: FairPermits::new(FairPermitLimits::unshared(config.batches as usize)),
            config,
            store,
            keyring,
            metrics,
            meters: Default::default(),
        };
        guards.reload(clock.now()).await?;
        Ok(guards)
    }

    async fn reload(&self, now: Instant) -> Result<(), StorageError> {
        let most = i64::try_from(self.config.capacity).unwrap_or(i64::MAX);
        let since = horizon(now);
        let counters = self.store.read(Reach::Scan, move |db| guards::touched_since(db, since, most)).await?;
        let whole = (counters.len() as i64) < most;
        self.learn(&counters, now);
        lock(&self.ledger).set_complete(whole);
        Ok(())
    }

    /// Adds what was counted here to the database, and learns the sums.
    async fn push(&self, now: Instant) -> Result<(), StorageError> {
        let meters = self.meters.all();
        let mut drained: Vec<(usize, Delta)> = Vec::new();
        for (index, meter) in meters.iter().enumerate() {
            drained.extend(meter.with(|meter| meter.drain(now)).into_iter().map(|delta| (index, delta)));
        }
        if drained.is_empty() {
            return Ok(());
        }
        let counters: Vec<Counter> = drained
            .iter()
            .map(|(index, delta)| Counter {
                kind: delta.kind,
                key: meters[*index].key,
                start: delta.start,
                used: i64::try_from(delta.amount).unwrap_or(i64::MAX),
            })
            .collect();
        match self.store.write(move |tx| guards::add(tx.db()?, counters.clone(), now)).await {
            Ok(totals) => self.learn(&totals, now),
            Err(error) => {
                drained.iter().for_each(|(index, delta)| meters[*index].with(|meter| meter.give_back(*delta)));
                return Err(error);
            }
        }
        Ok(())
    }

    /// Learns what other replicas counted.
    async fn pull(&self, since: Instant, now: Instant) -> Result<(), StorageError> {
        let counters = self.store.read(Reach::Scan, move |db| guards::touched_since(db, since, MOST_TOUCHED)).await?;
        if counters.len() as i64 == MOST_TOUCHED {
            lock(&self.ledger).set_complete(false);
        }
        self.learn(&counters, now);
        Ok(())
    }

    async fn sweep(&self, now: Instant) -> Result<(), StorageError> {
        let complete = {
            let mut ledger = lock(&self.ledger);
            ledger.sweep(now);
            ledger.is_complete()
        };
        if complete { Ok(()) } else { self.reload(now).await }
    }
}

impl Exchange {
    pub fn new(guards: Arc<Guards>, clock: Arc<dyn Clock>) -> Self {
        Self { guards, clock }
    }

    /// Exchanges until it is dropped.
    pub async fn run(self) {
        let mut turns = 0u32;
        let mut since = self.clock.now();
        let mut failing = false;
        loop {
            tokio::time::sleep(EVERY).await;
            let now = self.clock.now();
            turns = turns.wrapping_add(1);
            match self.once(since, turns.is_multiple_of(SWEEP)).await {
                Ok(()) => {
                    since = now;
                    failing = false;
                }
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(error = %Causes(&error), "quotas cannot be exchanged with the database");
                }
                Err(_) => {}
            }
        }
    }

    /// One exchange; what others touched at `since` or later is read.
    pub async fn once(&self, since: Instant, sweep: bool) -> Result<(), StorageError> {
        let now = self.clock.now();
        self.guards.push(now).await?;
        // One process serves a SQLite store: nobody else counts.
        if !self.guards.store.is_sqlite() {
            self.guards.pull(since.minus(SLACK), now).await?;
        }
        if sweep {
            self.guards.sweep(now).await?;
        }
        self.guards.metrics.exchanged.set_now();
        Ok(())
    }
}
