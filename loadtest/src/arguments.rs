//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Load a Dancu demo server at a constant arrival rate.
#[derive(Debug, Parser)]
#[command(name = "loadtest")]
pub struct Arguments {
    /// The folder of a running `dancu demo`.
    #[arg(long, value_name = "DIR")]
    pub demo: PathBuf,
    #[arg(long, value_enum)]
    pub scenario: ScenarioName,
    /// Requests a second; 0 sends as fast as the connections allow (a closed loop: for capacity, not latency).
    #[arg(long, default_value_t = 1000.0)]
    pub rate: f64,
    /// How long to measure, e.g. `30s`, `2m`.
    #[arg(long, value_parser = duration, default_value = "10s")]
    pub duration: Duration,
    /// Time before measuring starts, under the same load.
    #[arg(long, value_parser = duration, default_value = "2s")]
    pub warm_up: Duration,
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// How many different citizens are asked about (the first ones of the seeded population).
    #[arg(long, default_value_t = 20_000)]
    pub citizens: usize,
    /// Lines in one request of the scenarios `batch` and `stays-batch`.
    #[arg(long, default_value_t = 1000)]
    pub lines: usize,
    /// Which client of `demo.json` asks.
    #[arg(long, default_value = "loadtest")]
    pub client: String,
    /// Exit with 1 if the 99th percentile lies above this many milliseconds or any request failed.
    #[arg(long, value_name = "MS")]
    pub goal_p99: Option<f64>,
    /// Also write the report as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScenarioName {
    /// `POST /v1/citizens/lookup`
    Lookup,
    /// `POST /v1/citizens/verify`
    Verify,
    /// `POST /v1/citizens/verify/batch`
    Batch,
    /// `POST /v1/forms/ct01/prefill`
    Prefill,
    /// `POST /v1/residence/check`
    Residence,
    /// `POST /v1/stays`: a new stay each time
    Stays,
    /// `POST /v1/stays/batch`: new stays, as NDJSON
    StaysBatch,
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len()));
    let number: f64 = number.parse().map_err(|_| "a duration is a number and a unit: 500ms, 30s, 2m".to_owned())?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "s" | "" => number,
        "m" => number * 60.0,
        _ => return Err("the unit is ms, s or m".to_owned()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
