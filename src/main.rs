//! The command line of Dancu.

use std::process::ExitCode;

use clap::Parser;
use dancu::cli::{Command, run};

#[global_allocator]
static ALLOCATOR: dancu::Allocator = dancu::Allocator;

/// Identity look-up and verification over a sealed, cached and audited citizen store.
#[derive(Debug, Parser)]
#[command(name = "dancu", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    // What it writes (databases, keys, reports) is for its owner alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    // Before anything else: SQLite takes its settings only until its first use.
    dancu::storage::prepare_sqlite();
    run(Arguments::parse().command)
}
