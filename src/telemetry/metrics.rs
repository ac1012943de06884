//! Metrics for Prometheus. Slices register theirs through [`Metrics`] and keep the handles: counting
//! is one atomic addition, observing a histogram one uncontended lock (20–30 ns).

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
pub use prometheus_client::metrics::counter::Counter;
pub use prometheus_client::metrics::family::Family;
pub use prometheus_client::metrics::gauge::Gauge;
pub use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

/// Where slices register what they count. Cheap to clone. Names have no `dancu_` prefix (it is
/// added) and name their unit; a counter's name has no `_total` (it is added). No label ever holds
/// personal data, nor a value that a caller chooses freely.
#[derive(Clone)]
pub struct Metrics(Arc<Mutex<Inner>>);

struct Inner {
    registry: Registry,
    readings: Vec<Box<dyn Fn() + Send>>,
}

/// A gauge that is read when somebody asks.
type Reading = Gauge<f64, AtomicU64>;

impl Default for Metrics {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Inner { registry: Registry::with_prefix("dancu"), readings: Vec::new() })))
    }
}

impl Metrics {
    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        self.with(|inner| inner.registry.register(name, help, metric.clone()));
        metric
    }

    pub fn counter(&self, name: &str, help: &str) -> Counter {
        self.register(name, help, Counter::default())
    }

    pub fn gauge(&self, name: &str, help: &str) -> Gauge {
        self.register(name, help, Gauge::default())
    }

    pub fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> Histogram {
        self.register(name, help, Histogram::new(buckets.iter().copied()))
    }

    /// Counters told apart by a closed set of labels.
    pub fn counters<L>(&self, name: &str, help: &str) -> Family<L, Counter>
    where
        L: EncodeLabelSet + std::hash::Hash + Eq + Clone + std::fmt::Debug + Send + Sync + 'static,
    {
        self.register(name, help, Family::default())
    }

    /// Gauges told apart by a closed set of labels.
    pub fn gauges<L>(&self, name: &str, help: &str) -> Gauges<L>
    where
        L: EncodeLabelSet + std::hash::Hash + Eq + Clone + std::fmt::Debug + Send + Sync + 'static,
    {
        self.register(name, help, Family::default())
    }

    /// Histograms told apart by a closed set of labels.
    pub fn histograms<L>(&self, name: &str, help: &str, buckets: &'static [f64]) -> Histograms<L>
    where
        L: EncodeLabelSet + std::hash::Hash + Eq + Clone + std::fmt::Debug + Send + Sync + 'static,
    {
        let make: Buckets = Buckets(buckets);
        self.register(name, help, Family::new_with_constructor(make))
    }

    /// A gauge whose value `read` tells whenever `/metrics` is asked for (cache sizes, lags).
    pub fn reading(&self, name: &str, help: &str, read: impl Fn() -> f64 + Send + 'static) {
        let gauge = self.register(name, help, Reading::default());
        let update = move || {
            gauge.set(read());
        };
        self.with(|inner| inner.readings.push(Box::new(update)));
    }

    /// Everything in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        self.with(|inner| {
            inner.readings.iter().for_each(|update| update());
            let mut text = String::with_capacity(16 * 1024);
            // Writing to a string cannot fail.
            let _ = prometheus_client::encoding::text::encode(&mut text, &inner.registry);
            super::process::append(&mut text);
            text
        })
    }
}

pub type Gauges<L> = Family<L, Gauge>;
pub type Histograms<L> = Family<L, Histogram, Buckets>;

/// Makes histograms that share their buckets.
#[derive(Clone)]
pub struct Buckets(&'static [f64]);

impl prometheus_client::metrics::family::MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_slices_register_is_told() {
        let metrics = Metrics::default();
        metrics.counter("hits", "Answers from the cache").inc();
        metrics.reading("lag_seconds", "How far behind", || 2.5);
        let text = metrics.encode();
        assert!(text.contains("dancu_hits_total 1\n"), "{text}");
        assert!(text.contains("dancu_lag_seconds 2.5\n"), "{text}");
        assert!(text.ends_with("# EOF\n"));
    }
}
