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
    /// Which client of `demo.json` asks; the one each scenario is made for if absent.
    #[arg(long)]
    pub client: Option<String>,
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
    /// `POST /oauth2/token`, client_credentials by `private_key_jwt`
    Token,
    /// `POST /oauth2/introspect`
    Introspect,
    /// `GET /oauth2/userinfo` with one citizen's token
    Userinfo,
    /// A whole sign-in: pushed request, page, approval by a device, tokens, userinfo
    SignIn,
}

impl ScenarioName {
    /// The client that asks, if none is named.
    pub fn client(self) -> &'static str {
        match self {
            Self::Userinfo => "rp-baseline",
            Self::SignIn => "rp-fapi",
            _ => "loadtest",
        }
    }

    /// What is counted.
    pub fn unit(self) -> &'static str {
        match self {
            Self::SignIn => "complete sign-ins",
            Self::Stays | Self::StaysBatch => "guests",
            Self::Token => "tokens",
            Self::Introspect | Self::Userinfo => "answers",
            _ => "verified or found",
        }
    }
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
