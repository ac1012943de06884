//! Drives a Dancu server at a constant arrival rate and says what it held.
//!
//! An open model: requests are due at fixed times whether or not earlier ones were answered, and a
//! request's latency counts from the moment it was due. A server that stalls cannot hide it.

mod arguments;
mod connection;
mod demo;
mod drive;
mod pace;
mod party;
mod report;
mod sample;
mod scenario;
mod server_cpu;
mod sign_in;
mod stays;
mod wallet;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(drive::drive(&arguments)) {
        Ok(report) => {
            print!("{report}");
            if let Some(path) = &arguments.json
                && let Err(error) = report.write_json(path)
            {
                return fail(&error);
            }
            if report.goal_met(&arguments) { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => fail(&error),
    }
}

fn fail(error: &Error) -> ExitCode {
    eprintln!("loadtest: {error}");
    ExitCode::from(2)
}

/// Anything that keeps the run from being a measurement.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
