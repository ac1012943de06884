//! What is known of SQLite's write-ahead log: how long it is, and whether a reader holds it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant as Moment};

use super::location::beside;

/// Up to so many bytes the log keeps its file when it begins anew, which spares its next commits the
/// allocation of blocks; what is longer is cut off.
pub(super) const KEPT_BYTES: u64 = 96 << 20;
/// Bulk work waits while the log is longer.
const BULK_BYTES: u64 = 192 << 20;
/// How long bulk work waits at most; a disk that cannot keep up in this time would never.
const BULK_PATIENCE: Duration = Duration::from_secs(60);
const BULK_POLL: Duration = Duration::from_millis(5);
/// A reader that holds the log for longer is not waited for: a backup may take an hour.
const HELD_FOR_LONG: Duration = Duration::from_secs(2);

/// How the write-ahead log of a SQLite store stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogStats {
    /// The size of its file.
    pub bytes: u64,
    /// How long a reader (a backup, an export) has kept it from being emptied; zero: none does.
    pub held_for: Duration,
    /// Since all of it was in the database and nobody read it, or since this process opened the store.
    pub since_emptied: Duration,
}

/// Written by the checkpointer, read by whoever wants to know.
#[derive(Debug)]
pub(super) struct Log {
    file: PathBuf,
    marks: Mutex<Marks>,
}

#[derive(Debug, Clone, Copy)]
struct Marks {
    emptied: Moment,
    held_since: Option<Moment>,
    cut_off: Moment,
    /// Rows were erased since it was cut off.
    erased: bool,
}

impl Log {
    pub(super) fn of(database: &Path) -> Self {
        let now = Moment::now();
        let marks = Marks { emptied: now, held_since: None, cut_off: now, erased: false };
        Self { file: beside(database, "-wal"), marks: Mutex::new(marks) }
    }

    pub(super) fn bytes(&self) -> u64 {
        std::fs::metadata(&self.file).map_or(0, |about| about.len())
    }

    pub(super) fn note_emptied(&self, cut_off: bool) {
        let mut marks = self.marks();
        (marks.emptied, marks.held_since) = (Moment::now(), None);
        if cut_off {
            (marks.cut_off, marks.erased) = (marks.emptied, false);
        }
    }

    /// Rows were erased whose last images the log still holds.
    pub(super) fn note_erased(&self) {
        self.marks().erased = true;
    }

    /// Whether it should be cut off for that, which is done once in so long.
    pub(super) fn is_erasing_due(&self, every: Duration) -> bool {
        let marks = self.marks();
        marks.erased && marks.cut_off.elapsed() >= every
    }

    pub(super) fn note_held(&self, held: bool) {
        let mut marks = self.marks();
        marks.held_since = held.then(|| marks.held_since.unwrap_or_else(Moment::now));
    }

    /// Whether a reader holds it that should not be waited for.
    pub(super) fn is_held_for_long(&self) -> bool {
        self.stats().held_for >= HELD_FOR_LONG
    }

    pub(super) fn stats(&self) -> LogStats {
        let marks = *self.marks();
        LogStats {
            bytes: self.bytes(),
            held_for: marks.held_since.map_or(Duration::ZERO, |since| since.elapsed()),
            since_emptied: marks.emptied.elapsed(),
        }
    }

    /// Waits until there is room in the log for more bulk work. The serving writer never waits here.
    pub(super) async fn room_for_bulk(&self) {
        let since = Moment::now();
        while self.bytes() > BULK_BYTES && since.elapsed() < BULK_PATIENCE && !self.is_held_for_long() {
            tokio::time::sleep(BULK_POLL).await;
        }
    }

    fn marks(&self) -> std::sync::MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
