//! `dancu forms`: form definitions without a server.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::forms::read_file;

#[derive(Debug, Args)]
pub struct FormsArgs {
    #[command(subcommand)]
    command: FormsCommand,
}

#[derive(Debug, Subcommand)]
enum FormsCommand {
    /// Check definitions; every fault with its file, its place and the reason
    Check {
        /// Definitions, JSON files (docs/forms.md)
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// The exit code: 0 if every file is a definition, 1 if one is not.
pub fn run(args: &FormsArgs, out: &mut dyn Write) -> io::Result<u8> {
    let FormsCommand::Check { files } = &args.command;
    let mut code = 0;
    for file in files {
        match read_file(file) {
            Ok(form) => writeln!(out, "{}: {} is a form of {} fields", file.display(), form.code, form.fields.len())?,
            Err(faults) => {
                code = 1;
                writeln!(out, "{faults}")?;
            }
        }
    }
    Ok(code)
}
