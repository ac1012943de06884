//! `dancu import`: a population file into the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use tokio::sync::watch;

use super::operate::{OperateError, Operators};
use crate::audit::OperatorAct;
use crate::citizens::events::import::{EventImporter, EventsError};
use crate::citizens::import::{Format, ImportCommand, ImportError, Imported, Importer, Source};
use crate::citizens::sealing::Sealing;
use crate::cli::progress::Bar;
use crate::kernel::{Clock, Entropy};
use crate::storage::{StorageError, Store};

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A CSV or NDJSON file; `-` reads standard input
    file: PathBuf,
    /// The file holds life events (NDJSON), not people
    #[arg(long, conflicts_with_all = ["format", "report"])]
    events: bool,
    /// The file's format, where its extension does not tell
    #[arg(long, value_enum)]
    format: Option<FormatName>,
    /// Where refused rows go [default: FILE.rejects.ndjson]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// The people in the file are invented
    #[arg(long)]
    synthetic: bool,
    /// How many days old a record may be and still count as fresh
    #[arg(long, default_value_t = 365)]
    fresh_days: u32,
    /// Also write the data-quality report as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// A format by its name.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum FormatName {
    Csv,
    Ndjson,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Csv => Self::Csv,
            FormatName::Ndjson => Self::Ndjson,
        }
    }
}

/// Why there was no import.
#[derive(Debug, thiserror::Error)]
pub enum ImportCommandError {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Events(#[from] EventsError),
    #[error(transparent)]
    Operate(#[from] OperateError),
    #[error("the import cannot be recorded: {0}")]
    Record(#[from] StorageError),
    #[error("the file's name does not tell its format: add --format csv or --format ndjson")]
    Format,
    #[error("{path}: the report cannot be written")]
    Report { path: PathBuf, source: std::io::Error },
}

/// What stands on standard output in the end, and whether all is done.
pub struct ImportOutcome {
    pub text: String,
    /// `false` after Ctrl-C; the exit code should be 130.
    pub finished: bool,
}

impl ImportArgs {
    pub fn are_events(&self) -> bool {
        self.events
    }

    /// Takes a file of life events in.
    ///
    /// # Errors
    /// If the file cannot be read, does not belong into this store, or the store fails.
    pub async fn run_events(
        &self,
        operators: &Operators<'_>,
        sealing: Sealing,
        clock: Arc<dyn Clock>,
    ) -> Result<String, ImportCommandError> {
        let rejects = self.rejects_path();
        let store = self.record(operators, "import.events").await?;
        let tally = EventImporter::new(store, sealing, clock).import(&self.file, &rejects, self.synthetic).await?;
        let mut text = format!(
            "{} lines: {} applied, {} known before, {} parked, {} released, {} refused\n",
            tally.lines, tally.applied, tally.known, tally.parked, tally.released, tally.refused
        );
        if tally.parked > 0 {
            text += "parked events with their reasons: dancu events parked\n";
        }
        if tally.refused > 0 {
            text += &format!("refused lines with their reasons: {}\n", rejects.display());
        }
        Ok(text)
    }

    /// Records the import before it begins. A file's name may name somebody: the record has none.
    async fn record(&self, operators: &Operators<'_>, operation: &'static str) -> Result<Store, ImportCommandError> {
        let target = if self.synthetic { "synthetic" } else { "real" }.to_owned();
        let act = OperatorAct { operation, target, concerned: Vec::new() };
        Ok(operators.open().await?.record(act).await?)
    }

    fn rejects_path(&self) -> PathBuf {
        self.rejects.clone().unwrap_or_else(|| match self.file.as_os_str() == "-" {
            true => PathBuf::from("stdin.rejects.ndjson"),
            false => with_suffix(&self.file, ".rejects.ndjson"),
        })
    }

    fn command(&self) -> Result<ImportCommand, ImportCommandError> {
        let stdin = self.file.as_os_str() == "-";
        let named = if stdin { None } else { Format::of_path(&self.file) };
        let format = self.format.map(Format::from).or(named).ok_or(ImportCommandError::Format)?;
        let rejects = self.rejects_path();
        Ok(ImportCommand {
            source: if stdin { Source::Stdin } else { Source::File(self.file.clone()) },
            format,
            rejects,
            synthetic: self.synthetic,
            fresh_days: self.fresh_days,
        })
    }

    /// Imports until the end or Ctrl-C.
    ///
    /// # Errors
    /// If the file cannot be read, does not belong into this store, or the store fails.
    pub async fn run(
        &self,
        operators: &Operators<'_>,
        sealing: Sealing,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<ImportOutcome, ImportCommandError> {
        let command = self.command()?;
        let store = self.record(operators, "import.people").await?;
        let (asked, mut stop) = watch::channel(false);
        let listening = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                asked.send_replace(true);
            }
        });
        let mut bar = None;
        let importer = Importer::new(store, sealing, clock, entropy);
        let imported = importer
            .import(&command, &mut stop, |progress| {
                let bar = bar.get_or_insert_with(|| Bar::new(progress.of_bytes, "bytes"));
                let tally = progress.tally;
                bar.at(progress.bytes, || format!("{} rows, {} refused", tally.rows, tally.refused));
            })
            .await;
        listening.abort();
        if let Some(bar) = bar {
            bar.end();
        }
        let imported = imported?;
        self.write_report(&imported)?;
        Ok(ImportOutcome { text: self.text(&imported, &command.rejects), finished: imported.finished })
    }

    fn write_report(&self, imported: &Imported) -> Result<(), ImportCommandError> {
        let Some(path) = &self.report else { return Ok(()) };
        let written = serde_json::to_vec_pretty(&imported.report)
            .map_err(std::io::Error::from)
            .and_then(|json| std::fs::write(path, json));
        written.map_err(|source| ImportCommandError::Report { path: path.clone(), source })
    }

    fn text(&self, imported: &Imported, rejects: &Path) -> String {
        let mut text = String::new();
        if imported.resumed_after > 0 {
            text += &format!("went on after {} rows of an earlier run\n", imported.resumed_after);
        }
        text += &imported.report.to_string();
        if imported.report.tally.refused > 0 {
            text += &format!("\nrefused rows with their reasons: {}\n", rejects.display());
        }
        if !imported.finished {
            text += "\nstopped on request: give the same command again to go on\n";
        }
        text
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
