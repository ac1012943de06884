//! The import itself.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::{mpsc, watch};

use crate::citizens::sealing::Sealing;
use crate::citizens::store::bulk_write::{ATTEMPTS, BulkWriter, Slice};
use crate::citizens::store::import_runs::{self, ImportRun};
use crate::citizens::store::mark::{Mixed, claim};
use crate::citizens::store::write::WriteError;
use crate::kernel::{CivilDate, Clock, Entropy, Faults};
use crate::storage::{Db, Reach, StorageError, Store};

use super::Format;
use super::chunk::Chunk;
use super::columns::HeaderFault;
use super::input::ImportEnd;
use super::origin::{Origin, Reader, Source};
use super::parse::{Parsed, Rules, parse};
use super::quality::{Report, Tally};
use super::rejects::{Refused, Rejects};
use super::seen::Seen;

/// Chunks that are being read and sealed while one is written.
const AT_ONCE: usize = 3;
/// After so many chunks without a change, how far the file has come is stored all the same.
const QUIET_CHUNKS: u32 = 64;

/// One import.
#[derive(Debug, Clone)]
pub struct ImportCommand {
    pub source: Source,
    pub format: Format,
    /// Where refused rows go.
    pub rejects: PathBuf,
    /// Whether the people in the file are invented.
    pub synthetic: bool,
    /// How many days old a record may be and still count as fresh.
    pub fresh_days: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file cannot be read")]
    Read(#[source] io::Error),
    #[error(transparent)]
    Header(#[from] HeaderFault),
    #[error("the rejects file cannot be written")]
    Rejects(#[source] io::Error),
    #[error(transparent)]
    Mixed(#[from] Mixed),
    /// What was taken in before is stored.
    #[error(
        "the database's disk is full. Nothing is lost: make room and give the same command again, \
         it goes on after the last rows that were stored"
    )]
    DiskFull,
    #[error("the rows could not be stored")]
    Write(#[source] WriteError),
}

impl From<WriteError> for ImportError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Storage(StorageError::DiskFull(_)) => Self::DiskFull,
            error => Self::Write(error),
        }
    }
}

impl From<StorageError> for ImportError {
    fn from(error: StorageError) -> Self {
        WriteError::from(error).into()
    }
}

/// How far an import has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    pub bytes: u64,
    pub of_bytes: Option<u64>,
    pub tally: &'a Tally,
}

/// What an import did.
#[derive(Debug, Clone)]
pub struct Imported {
    /// `false`: it was told to stop; the same command goes on from there.
    pub finished: bool,
    /// Rows that an earlier, stopped run had done.
    pub resumed_after: u64,
    pub report: Report,
}

/// Imports population files.
pub struct Importer {
    store: Store,
    sealing: Sealing,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    writer: BulkWriter,
}

/// What is known about a file on its way.
struct Run {
    row: ImportRun,
    tally: Tally,
    rejects: Rejects,
    /// Whether the file can be gone on with later.
    resumable: bool,
    quiet: u32,
}

impl Importer {
    pub fn new(store: Store, sealing: Sealing, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let writer = BulkWriter::new(store.clone(), sealing.clone(), clock.clone());
        Self { store, sealing, clock, entropy, writer }
    }

    /// Imports a file to its end, or until `stop` says `true`. Whenever it ends, and however, nothing is
    /// lost or stored twice if the same command is given again.
    ///
    /// # Errors
    /// See [`ImportError`]. A faulty row is no error: it goes to the rejects.
    pub async fn import(
        &self,
        command: &ImportCommand,
        stop: &mut watch::Receiver<bool>,
        mut told: impl FnMut(Progress<'_>),
    ) -> Result<Imported, ImportError> {
        let synthetic = command.synthetic;
        self.store.bulk(move |db| claim(db, synthetic)).await??;
        let seen = Arc::new(Seen::default());
        // However this ends: nobody reads on.
        let end = ImportEnd::default();
        let begun = tokio::select! {
            biased;
            () = told_to_stop(stop) => None,
            begun = self.begin(command, &seen, &end) => Some(begun?),
        };
        let Some((origin, mut run)) = begun else {
            let report = Report::of(Tally::default(), command.fresh_days);
            return Ok(Imported { finished: false, resumed_after: 0, report });
        };
        let (resumed_after, of_bytes) = (run.row.rows_done as u64, origin.length);
        let mut prepared = std::pin::pin!(self.prepared(origin, command, seen));
        let finished = loop {
            let next = tokio::select! {
                biased;
                () = told_to_stop(stop) => break false,
                next = prepared.next() => next,
            };
            let Some(next) = next else { break true };
            let (slice, (chunk, parsed)) = next?;
            self.store_chunk(&mut run, slice, &chunk, parsed).await?;
            told(Progress { bytes: chunk.end, of_bytes, tally: &run.tally });
        };
        if finished {
            run.row.finished_at = Some(self.clock.now().as_micros());
        }
        if run.resumable {
            let row = run.saved(self.clock.now().as_micros());
            self.store.bulk(move |db| import_runs::save(db, &row)).await?;
        }
        Ok(Imported { finished, resumed_after, report: Report::of(run.tally, command.fresh_days) })
    }

    /// Opens the file, and goes past what a stopped run has done of it.
    async fn begin(
        &self,
        command: &ImportCommand,
        seen: &Arc<Seen>,
        end: &ImportEnd,
    ) -> Result<(Origin, Run), ImportError> {
        let open = |skip: Option<ImportRun>| {
            let (sealing, seen, command) = (self.sealing.clone(), Arc::clone(seen), command.clone());
            let end = end.flag();
            blocking(move || {
                let mut origin = Origin::open(&command.source, command.format, &sealing, end)?;
                let skipped = match &skip {
                    Some(run) => origin.skip(run, &sealing, &seen)?,
                    None => false,
                };
                Ok((origin, skip.filter(|_| skipped)))
            })
        };
        let (mut origin, _) = open(None).await?;
        let mut stopped = None;
        if let Some(key) = origin.file_key.clone() {
            let found = self.store.read(Reach::Scan, move |db| import_runs::find(db, &key)).await?;
            if let Some(run) = found.filter(|run| run.finished_at.is_none()) {
                (origin, stopped) = open(Some(run)).await?;
                if stopped.is_none() {
                    (origin, _) = open(None).await?;
                }
            }
        }
        let tally = stopped.as_ref().and_then(|run| serde_json::from_str(&run.tally).ok());
        let now = self.clock.now().as_micros();
        let row = stopped.unwrap_or_else(|| ImportRun {
            file_key: origin.file_key.clone().unwrap_or_default(),
            bytes_done: 0,
            rows_done: 0,
            digest_done: Vec::new(),
            rejects_bytes: 0,
            tally: String::new(),
            started_at: now,
            updated_at: now,
            finished_at: None,
        });
        let (path, length) = (command.rejects.clone(), row.rejects_bytes as u64);
        let rejects = blocking(move || Rejects::open(&path, length).map_err(ImportError::Rejects)).await?;
        let resumable = origin.file_key.is_some();
        Ok((origin, Run { row, tally: tally.unwrap_or_default(), rejects, resumable, quiet: 0 }))
    }

    /// Chunks in order, read, resolved and sealed.
    fn prepared(
        &self,
        origin: Origin,
        command: &ImportCommand,
        seen: Arc<Seen>,
    ) -> impl Stream<Item = Result<(Slice, (Chunk, Parsed)), ImportError>> {
        let (send, receive) = mpsc::channel(AT_ONCE);
        let Origin { chunker, layout, .. } = origin;
        let writer = self.writer.clone();
        // A thread that nobody waits for here: it hears of the import's end, though it may stand at the end of a
        // terminal or a pipe.
        std::thread::spawn(move || read_on(chunker, &writer, &send));
        let today = self.clock.now().date_in_viet_nam();
        let fresh_since =
            today.plus_days(-(command.fresh_days.min(400_000) as i32)).unwrap_or(CivilDate::constant(1, 1, 1));
        let layout = Arc::new(layout);
        let chunks = stream::unfold(receive, async |mut receive| Some((receive.recv().await?, receive)));
        chunks
            .map(move |chunk: Result<Chunk, ImportError>| {
                let (layout, seen) = (Arc::clone(&layout), Arc::clone(&seen));
                let (writer, entropy) = (self.writer.clone(), Arc::clone(&self.entropy));
                async move {
                    let chunk = chunk?;
                    let made = move || {
                        let rules = Rules { layout: &layout, seen: &seen, entropy: &*entropy, today, fresh_since };
                        let (citizens, parsed) = parse(&chunk, rules);
                        (citizens, (chunk, parsed))
                    };
                    Ok(writer.prepare(made).await?)
                }
            })
            .buffered(AT_ONCE)
    }

    /// Writes a chunk, part by part: refused rows first, then the others and the file's state.
    async fn store_chunk(&self, run: &mut Run, slice: Slice, chunk: &Chunk, parsed: Parsed) -> Result<(), ImportError> {
        run.tally.add(&parsed.tally);
        let before = run.rejects.length();
        run.append(&parsed.refused, before)?;
        let mut next = Some(slice);
        let mut attempts = 0;
        while let Some(part) = next {
            let mark = run.rejects.length();
            let tally = run.tally.clone();
            run.note(&part, chunk, &parsed)?;
            let last = part.is_last();
            if last {
                run.advance(chunk, &parsed, self.sealing.file_digest(&chunk.digest)?);
            }
            let save = (last && run.resumable).then(|| run.saved(self.clock.now().as_micros()));
            if part.changes_nothing() && run.quiet < QUIET_CHUNKS {
                run.quiet += 1;
                next = self.writer.next(part).await?;
                continue;
            }
            let also = move |db: &mut Db| save.as_ref().map_or(Ok(()), |row| import_runs::save(db, row));
            next = match self.writer.commit(&part, also).await {
                Ok(()) => {
                    run.quiet = 0;
                    self.writer.next(part).await?
                }
                Err(WriteError::Storage(StorageError::Conflict(_))) if attempts < ATTEMPTS => {
                    attempts += 1;
                    run.tally = tally;
                    run.rejects.cut_to(mark).map_err(ImportError::Rejects)?;
                    Some(self.writer.again(part).await?)
                }
                Err(error) => return Err(error.into()),
            };
        }
        Ok(())
    }
}

impl Run {
    /// Refused rows are on disk before their chunk counts as done.
    fn append(&mut self, refused: &[Refused], mark: u64) -> Result<(), ImportError> {
        self.rejects.cut_to(mark).and_then(|()| self.rejects.append(refused.iter())).map_err(ImportError::Rejects)
    }

    /// Counts a part, and puts the rows the store refuses beside those the parser did.
    fn note(&mut self, part: &Slice, chunk: &Chunk, parsed: &Parsed) -> Result<(), ImportError> {
        let outcome = part.outcome();
        self.tally.created += outcome.created;
        self.tally.updated += outcome.updated;
        self.tally.unchanged += outcome.unchanged;
        let refused: Vec<Refused> = outcome
            .refused
            .iter()
            .filter_map(|(index, refusal)| {
                let (line, bytes) = parsed.accepted.get(*index)?;
                let (code, text) = (*refusal).into();
                let mut faults = Faults::default();
                faults.push("/id_number", code, text);
                Some(Refused { line: *line, row: chunk.bytes[bytes.clone()].to_vec(), faults })
            })
            .collect();
        refused.iter().for_each(|refused| self.tally.take_back(&refused.faults));
        self.rejects.append(refused.iter()).map_err(ImportError::Rejects)
    }

    fn advance(&mut self, chunk: &Chunk, parsed: &Parsed, digest: [u8; 32]) {
        self.row.bytes_done = chunk.end as i64;
        self.row.digest_done = digest.to_vec();
        self.row.rows_done += parsed.tally.rows as i64;
    }

    /// The row to store.
    fn saved(&self, now: i64) -> ImportRun {
        ImportRun {
            rejects_bytes: self.rejects.length() as i64,
            tally: serde_json::to_string(&self.tally).unwrap_or_default(),
            updated_at: now,
            ..self.row.clone()
        }
    }
}

fn read_on(mut chunker: Reader, writer: &BulkWriter, send: &mpsc::Sender<Result<Chunk, ImportError>>) {
    loop {
        let next = chunker.next(writer.slice_rows(), u64::MAX).map_err(ImportError::Read).transpose();
        let Some(chunk) = next else { return };
        // After a fault there is nothing to read; an import that has ended takes no more.
        let faulty = chunk.is_err();
        if send.blocking_send(chunk).is_err() || faulty {
            return;
        }
    }
}

async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|told| *told).await.is_err() {
        // Nobody is left to tell.
        std::future::pending().await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImportError> + Send + 'static,
) -> Result<T, ImportError> {
    let ended = |error: tokio::task::JoinError| ImportError::Read(io::Error::other(error));
    tokio::task::spawn_blocking(work).await.map_err(ended)?
}
