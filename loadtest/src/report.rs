//! What the run showed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::Error;
use crate::arguments::Arguments;

/// Gathered while the run goes.
pub struct Tally {
    micros: Histogram<u64>,
    requests: u64,
    errors: BTreeMap<String, u64>,
}

impl Default for Tally {
    fn default() -> Self {
        let micros = Histogram::new_with_bounds(1, 120_000_000, 3).expect("the bounds are constants that fit");
        Self { micros, requests: 0, errors: BTreeMap::new() }
    }
}

impl Tally {
    /// One turn, of so many HTTP requests.
    pub fn note(&mut self, latency: Duration, requests: u64, outcome: Result<(), String>) {
        self.requests += requests;
        self.micros.saturating_record(latency.as_micros() as u64);
        if let Err(kind) = outcome {
            *self.errors.entry(kind).or_default() += 1;
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Report {
    scenario: String,
    open_model: bool,
    rate_asked: f64,
    duration_s: f64,
    connections: usize,
    requests: u64,
    requests_per_s: f64,
    /// What is counted: lines of a batch, sign-ins, else requests.
    units: &'static str,
    units_per_s: f64,
    errors: BTreeMap<String, u64>,
    /// From the moment a request was due to its last byte.
    latency_ms: BTreeMap<&'static str, f64>,
    server_cpu_us_per_request: f64,
    server_cpu_us_per_unit: f64,
    /// Server processor time over wall time; 1.0 is one full core.
    server_cores: f64,
}

impl Report {
    pub fn new(arguments: &Arguments, tally: &Tally, cpu_seconds: f64, units: u64) -> Self {
        let (turns, requests) = (tally.micros.len(), tally.requests);
        let failed: u64 = tally.errors.values().sum();
        let seconds = arguments.duration.as_secs_f64();
        let at = |quantile: f64| tally.micros.value_at_quantile(quantile) as f64 / 1000.0;
        let per_request = cpu_seconds * 1e6 / requests.max(1) as f64;
        Self {
            scenario: arguments.scenario.to_possible_value().map_or_else(String::new, |it| it.get_name().to_owned()),
            open_model: arguments.rate > 0.0,
            rate_asked: arguments.rate,
            duration_s: seconds,
            connections: arguments.connections,
            requests,
            requests_per_s: requests as f64 / seconds,
            units: arguments.scenario.unit(),
            units_per_s: (turns - failed) as f64 * units as f64 / seconds,
            errors: tally.errors.clone(),
            latency_ms: BTreeMap::from([
                ("p50", at(0.5)),
                ("p90", at(0.9)),
                ("p99", at(0.99)),
                ("p99_9", at(0.999)),
                ("max", tally.micros.max() as f64 / 1000.0),
            ]),
            server_cpu_us_per_request: per_request,
            server_cpu_us_per_unit: cpu_seconds * 1e6 / (turns.max(1) * units) as f64,
            server_cores: cpu_seconds / seconds,
        }
    }

    pub fn write_json(&self, path: &Path) -> Result<(), Error> {
        std::fs::write(path, serde_json::to_string_pretty(self)? + "\n")?;
        Ok(())
    }

    pub fn goal_met(&self, arguments: &Arguments) -> bool {
        arguments.goal_p99.is_none_or(|goal| self.errors.is_empty() && self.latency_ms["p99"] <= goal)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = if self.open_model { "constant arrival rate" } else { "closed loop" };
        writeln!(f, "scenario            {} ({model}, {} connections)", self.scenario, self.connections)?;
        writeln!(
            f,
            "requests            {} in {:.1} s = {:.0}/s",
            self.requests, self.duration_s, self.requests_per_s
        )?;
        writeln!(f, "{:<19} {:.0}/s", self.units, self.units_per_s)?;
        write!(f, "latency ms         ")?;
        for name in ["p50", "p90", "p99", "p99_9", "max"] {
            write!(f, " {name} {:.2}", self.latency_ms[name])?;
        }
        writeln!(f)?;
        let (request, unit, cores) = (self.server_cpu_us_per_request, self.server_cpu_us_per_unit, self.server_cores);
        writeln!(f, "server CPU          {request:.1} µs a request, {unit:.1} µs a line or sign-in, {cores:.2} cores")?;
        if self.errors.is_empty() {
            return writeln!(f, "errors              none");
        }
        for (kind, count) in &self.errors {
            writeln!(f, "error               {count} × {kind}")?;
        }
        Ok(())
    }
}
