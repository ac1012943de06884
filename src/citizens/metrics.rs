//! What the citizen store counts. No number, name or key of a citizen ever becomes a label.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use super::cache::Cache;

type Named = Family<[(&'static str, &'static str); 1], Gauge>;

/// When something last went well; told as an age, so that a loop that died shows.
#[derive(Debug)]
pub struct LastTime {
    born: Instant,
    milliseconds: AtomicU64,
}

impl Default for LastTime {
    fn default() -> Self {
        Self { born: Instant::now(), milliseconds: AtomicU64::new(0) }
    }
}

impl LastTime {
    pub fn set_now(&self) {
        self.milliseconds.store(self.now(), Ordering::Relaxed);
    }

    pub fn age_seconds(&self) -> f64 {
        self.now().saturating_sub(self.milliseconds.load(Ordering::Relaxed)) as f64 / 1000.0
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[derive(Debug, Default)]
pub struct CitizensMetrics {
    /// Records that were read from the database.
    pub loads: Counter,
    /// Anchors that failed.
    pub failed_anchors: Counter,
    /// Questions refused because too many anchors had failed.
    pub blocked: Counter,
    /// Numbers for which the alarm was raised.
    pub numbers_under_attack: Counter,
    /// Records re-sealed and identifiers re-indexed after a key rotation.
    pub resealed: Counter,
    /// When the change log was last followed to its end.
    pub followed: LastTime,
    /// When the counters of quotas and guards were last exchanged with the database.
    pub exchanged: LastTime,
    reactor_lag: Named,
}

impl CitizensMetrics {
    pub fn set_reactor_lag(&self, reactor: &'static str, changes: u64) {
        self.reactor_lag.get_or_create(&[("reactor", reactor)]).set(i64::try_from(changes).unwrap_or(i64::MAX));
    }

    /// Adds everything to `registry`.
    pub fn register(self: &Arc<Self>, cache: &Arc<Cache>, registry: &mut Registry) {
        for (name, help, counter) in [
            ("dancu_citizens_loads", "Records read from the database", &self.loads),
            ("dancu_failed_anchors", "Questions whose number, name and birth date do not match", &self.failed_anchors),
            ("dancu_blocked_questions", "Questions refused after too many failed anchors", &self.blocked),
            ("dancu_numbers_under_attack", "Numbers with many failed anchors", &self.numbers_under_attack),
            ("dancu_resealed_rows", "Rows re-sealed or re-indexed after a key rotation", &self.resealed),
        ] {
            registry.register(name, help, counter.clone());
        }
        registry.register("dancu_reactor_lag_changes", "Changes a reactor has still to see", self.reactor_lag.clone());
        registry.register_collector(Box::new(Scraped { metrics: Arc::clone(self), cache: Arc::clone(cache) }));
    }
}

/// What is worked out when it is asked for.
struct Scraped {
    metrics: Arc<CitizensMetrics>,
    cache: Arc<Cache>,
}

impl std::fmt::Debug for Scraped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scraped")
    }
}

impl Collector for Scraped {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (entries, bytes) = self.cache.size();
        for (name, help, value) in [
            (
                "dancu_change_log_lag_seconds",
                "Time since the change log was followed to its end",
                self.metrics.followed.age_seconds(),
            ),
            (
                "dancu_guard_exchange_age_seconds",
                "Time since quotas were exchanged with the database",
                self.metrics.exchanged.age_seconds(),
            ),
            ("dancu_citizens_cache_entries", "Entries of the cache of citizens", entries as f64),
            ("dancu_citizens_cache_bytes", "Weight of the cache of citizens", bytes as f64),
        ] {
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}
