//! `dancu seed`: an invented population, into the store or into a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::operate::{OperateError, Operators};
use crate::audit::OperatorAct;
use crate::citizens::import::Format;
use crate::citizens::import::export::Exporter;
use crate::citizens::sealing::Sealing;
use crate::citizens::seed::{Population, SeedError, Seeded, Seeder};
use crate::cli::import::FormatName;
use crate::cli::progress::Bar;
use crate::kernel::Clock;
use crate::storage::StorageError;

#[derive(Debug, Args)]
pub struct SeedArgs {
    /// How many people
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=150_000_000))]
    count: u64,
    /// Which population: the same seed gives the same people
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write a file that `dancu import --synthetic` takes, instead of storing (`-`: standard output)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The file's format, where its extension does not tell
    #[arg(long, value_enum, requires = "output")]
    format: Option<FormatName>,
}

/// Why there is no population.
#[derive(Debug, thiserror::Error)]
pub enum SeedCommandError {
    #[error(transparent)]
    Seed(#[from] SeedError),
    #[error(transparent)]
    Operate(#[from] OperateError),
    #[error("the seeding cannot be recorded: {0}")]
    Record(#[from] StorageError),
    #[error("the file cannot be written")]
    File(#[from] io::Error),
    #[error("the file's name does not tell its format: add --format csv or --format ndjson")]
    Format,
}

impl SeedArgs {
    /// Whether the command writes a file and needs no store.
    pub fn writes_file(&self) -> bool {
        self.output.is_some()
    }

    /// Stores the population.
    ///
    /// # Errors
    /// If the store holds real people, or fails.
    pub async fn run(
        &self,
        operators: &Operators<'_>,
        sealing: Sealing,
        clock: Arc<dyn Clock>,
    ) -> Result<Seeded, SeedCommandError> {
        let target = format!("seed {} count {}", self.seed, self.count);
        let act = OperatorAct { operation: "seed", target, concerned: Vec::new() };
        let store = operators.open().await?.record(act).await?;
        let mut bar = Bar::new(Some(self.count), "people");
        let told = |seeded: &Seeded| bar.at(seeded.people(), || format!("{} people", seeded.people()));
        let seeded = Seeder::new(store, sealing, clock).seed(self.seed, self.count, told).await;
        bar.end();
        Ok(seeded?)
    }

    /// Writes the population into the file named by `--output`.
    ///
    /// # Errors
    /// If the format is not told, or the file cannot be written.
    pub fn write_file(&self) -> Result<(), SeedCommandError> {
        let Some(path) = &self.output else { return Ok(()) };
        let format = self.format.map(Format::from).or_else(|| Format::of_path(path)).ok_or(SeedCommandError::Format)?;
        let writer: Box<dyn Write> = match path.as_os_str() == "-" {
            true => Box::new(io::stdout().lock()),
            false => Box::new(File::create(path)?),
        };
        let mut exporter = Exporter::new(BufWriter::with_capacity(1 << 20, writer), format)?;
        let (mut bar, mut written) = (Bar::new(Some(self.count), "people"), 0);
        for household in Population::new(self.seed, self.count) {
            for citizen in &household {
                exporter.write(citizen)?;
            }
            written += household.len() as u64;
            if written % 1024 < household.len() as u64 {
                bar.at(written, || format!("{written} people"));
            }
        }
        bar.end();
        Ok(exporter.finish()?)
    }
}
