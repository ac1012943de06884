//! Counts and durations of requests, by route pattern and status.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;

use crate::http::problem::ProblemKind;
use crate::telemetry::Metrics;
use crate::telemetry::metrics::{Counter, Family, Gauge, Histogram, Histograms};

const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    route: String,
    status_class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProblemLabels {
    problem: &'static str,
}

/// What the middleware counts. Made once, shared by all workers.
#[derive(Clone)]
pub struct HttpMetrics {
    requests: Family<RouteLabels, Counter>,
    durations: Histograms<DurationLabels>,
    problems: Family<ProblemLabels, Counter>,
    pub(super) in_flight: Gauge,
    pub(super) shed: Counter,
}

impl HttpMetrics {
    pub fn register(metrics: &Metrics) -> Self {
        Self {
            requests: metrics.counters("http_requests", "Answered requests by route and status"),
            durations: metrics.histograms(
                "http_request_duration_seconds",
                "Time from a request's arrival to the end of its answer",
                SECONDS,
            ),
            problems: metrics.counters("http_problems", "Refused requests by problem type"),
            in_flight: metrics.gauge("http_requests_in_flight", "Requests in work"),
            shed: metrics.counter("http_requests_shed", "Requests refused because of load"),
        }
    }

    pub(super) fn count_problem(&self, kind: ProblemKind) {
        self.problems.get_or_create(&ProblemLabels { problem: kind.slug() }).inc();
    }
}

/// A status of a route, and what counts it.
type Meter = (u16, Counter, Histogram);

/// One worker's handles, so that a request looks its own up without hashing labels.
pub(super) struct RouteMeters {
    metrics: HttpMetrics,
    routes: RefCell<HashMap<Rc<str>, Vec<Meter>>>,
}

impl RouteMeters {
    pub(super) fn new(metrics: HttpMetrics) -> Self {
        Self { metrics, routes: RefCell::default() }
    }

    /// The pattern that was counted before and is the path itself: nothing varies in most paths, and to
    /// go through all routes for the one that fits takes longer.
    pub(super) fn known(&self, path: &str) -> Option<Rc<str>> {
        self.routes.borrow().get_key_value(path).map(|(route, _)| Rc::clone(route))
    }

    /// `route` is a pattern, so there are no more of them than routes.
    pub(super) fn observe(&self, route: &str, status: u16, duration: Duration) {
        let mut routes = self.routes.borrow_mut();
        if !routes.contains_key(route) {
            routes.insert(route.into(), Vec::new());
        }
        let Some(meters) = routes.get_mut(route) else { return };
        let known = meters.iter().position(|(of, ..)| *of == status);
        let index = known.unwrap_or_else(|| {
            let labels = RouteLabels { route: route.to_owned(), status };
            let requests = self.metrics.requests.get_or_create_owned(&labels);
            let labels = DurationLabels { route: route.to_owned(), status_class: class_of(status) };
            meters.push((status, requests, self.metrics.durations.get_or_create_owned(&labels)));
            meters.len() - 1
        });
        let (_, requests, durations) = &meters[index];
        requests.inc();
        durations.observe(duration.as_secs_f64());
    }
}

fn class_of(status: u16) -> &'static str {
    match status {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}
