//! The command line of Dancu.

use std::process::ExitCode;

use clap::Parser;
use dancu::cli::{Command, run};

#[global_allocator]
static ALLOCATOR: dancu::Allocator = dancu::Allocator;

/// What a newcomer needs before anything else.
const BEGINNING: &str = "\
To try it: dancu demo, and README.md.
To run it: dancu config check, keys init, migrate, clients add, import, serve, as docs/operations.md tells.";

/// Identity look-up and verification over a sealed, cached and audited citizen store.
#[derive(Debug, Parser)]
#[command(name = "dancu", version, after_help = BEGINNING)]
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
