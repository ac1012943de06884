//! The command line of Dancu.

use std::process::ExitCode;

use clap::Parser;
use dancu::cli::{Command, run};

/// Identity look-up and verification over a sealed, cached and audited citizen store.
#[derive(Debug, Parser)]
#[command(name = "dancu", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    // Before anything else: SQLite takes its settings only until its first use.
    dancu::storage::prepare_sqlite();
    run(Arguments::parse().command)
}
