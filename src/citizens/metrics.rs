//! What the citizen store counts. No number, name or key of a citizen ever becomes a label.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::cache::Cache;
use crate::telemetry::metrics::{Counter, Gauge, Metrics};

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
    /// When the change log was last followed to its end.
    pub followed: LastTime,
    /// When the counters of quotas and guards were last exchanged with the database.
    pub exchanged: LastTime,
}

impl CitizensMetrics {
    pub fn register(metrics: &Metrics, cache: &Arc<Cache>) -> Arc<Self> {
        let counted = Arc::new(Self {
            loads: metrics.counter("citizens_loads", "Records read from the database"),
            failed_anchors: metrics
                .counter("failed_anchors", "Questions whose number, name and birth date do not belong together"),
            blocked: metrics.counter("blocked_questions", "Questions refused after too many failed anchors"),
            numbers_under_attack: metrics
                .counter("numbers_under_attack", "Numbers with many failed anchors over all clients"),
            followed: LastTime::default(),
            exchanged: LastTime::default(),
        });
        let (follow, exchange) = (Arc::clone(&counted), Arc::clone(&counted));
        metrics.reading("change_log_lag_seconds", "Time since the change log was followed to its end", move || {
            follow.followed.age_seconds()
        });
        metrics.reading(
            "guard_exchange_age_seconds",
            "Time since quotas were exchanged with the database",
            move || exchange.exchanged.age_seconds(),
        );
        read_cache(metrics, cache);
        counted
    }
}

/// How much of the cache's memory is used: of its records and numbers, and of the records asked for last.
fn read_cache(metrics: &Metrics, cache: &Arc<Cache>) {
    type Size = fn(&Cache) -> u64;
    let readings: [(&str, &str, Size); 4] = [
        ("citizens_cache_entries", "Entries of the cache of citizens", |cache| cache.size().0),
        ("citizens_cache_bytes", "Weight of the cache of citizens", |cache| cache.size().1),
        ("citizens_cache_recent_entries", "Records asked for last, before the cache of citizens", |cache| {
            cache.recent_size().0
        }),
        ("citizens_cache_recent_bytes", "Weight of the records asked for last; most are in the cache, too", |cache| {
            cache.recent_size().1
        }),
    ];
    for (name, help, size) in readings {
        let cache = Arc::clone(cache);
        metrics.reading(name, help, move || size(&cache) as f64);
    }
}

/// How many changes a reactor has still to see.
pub fn reactor_lag(metrics: &Metrics, reactor: &'static str) -> Gauge {
    // A name with a dot is none to Prometheus, which would refuse everything that is told beside it.
    let reactor = reactor.replace('.', "_");
    metrics.gauge(&format!("reactor_{reactor}_lag_changes"), "Changes of citizens that a reactor has still to see")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_that_prometheus_reads() {
        let metrics = Metrics::default();
        reactor_lag(&metrics, "residence.confirmations").set(2);
        CitizensMetrics::register(&metrics, &Arc::new(Cache::new(&Default::default())));
        let text = metrics.encode();
        assert!(text.contains("dancu_reactor_residence_confirmations_lag_changes 2\n"), "{text}");
        assert!(text.contains("dancu_citizens_cache_recent_bytes 0"), "{text}");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            assert!(name.chars().all(plain), "{line}");
        }
    }
}
