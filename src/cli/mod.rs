//! The command line, one file a command.

pub mod clients;
pub mod demo;
pub mod token;

use std::process::ExitCode;

use clap::Subcommand;

use crate::crypto::SystemEntropy;
use crate::kernel::clock::SystemClock;
use crate::telemetry::logging::{self, LogFormat};

/// What `dancu` can be told to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything on this machine with invented people
    Demo(demo::DemoArgs),
    /// Print an access token for a sample client of the demo
    Token(token::TokenArgs),
}

/// Does it, and says how it went.
pub fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Demo(args) => served(demo::run(&args)),
        Command::Token(args) => {
            token::run(&args, &SystemClock, &SystemEntropy::default()).map(|token| println!("{token}")).map_err(text)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dancu: {error}");
            ExitCode::FAILURE
        }
    }
}

/// An error and what caused it, on one line.
fn text(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Runs a long command on a runtime, with the log on.
fn served<E: std::error::Error>(work: impl Future<Output = Result<(), E>>) -> Result<(), String> {
    logging::start(LogFormat::Text, "info").map_err(text)?;
    on_runtime(work)
}

fn on_runtime<T, E: std::error::Error>(work: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    runtime.block_on(work).map_err(text)
}
//! The commands, one file each.

pub mod config;
pub mod demo;
pub mod keys;
pub mod token;

use std::process::ExitCode;

use clap::Subcommand;

use crate::crypto::SystemEntropy;
use crate::kernel::clock::SystemClock;
use crate::telemetry::logging::{self, LogFormat};

/// What `dancu` can be told to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything on this machine with invented people
    Demo(demo::DemoArgs),
    /// Print an access token for a sample client of the demo
    Token(token::TokenArgs),
}

/// Does it, and says how it went.
pub fn run(command: Command) -> ExitCode {
    let done = match command {
        Command::Demo(args) => served(demo::run(&args)),
        Command::Token(args) => {
            token::run(&args, &SystemClock, &SystemEntropy::default()).map(|token| println!("{token}")).map_err(text)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dancu: {error}");
            ExitCode::FAILURE
        }
    }
}

/// An error and what caused it, on one line.
fn text(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Runs a long command on a runtime, with the log on.
fn served<E: std::error::Error>(work: impl Future<Output = Result<(), E>>) -> Result<(), String> {
    logging::start(LogFormat::Text, "info").map_err(text)?;
    on_runtime(work)
}

fn on_runtime<T, E: std::error::Error>(work: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(text)?;
    runtime.block_on(work).map_err(text)
}
