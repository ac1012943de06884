//! Locks between processes that share a SQLite file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant as Moment};

use diesel::result::QueryResult;

use super::OpenError;
use super::error::is_busy;
use super::location::{Location, beside};

fn open(path: &Path) -> Result<File, OpenError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| OpenError::Unavailable(format!("{}: {e}", path.display())))
}

/// Held by the one process that serves a SQLite store; the system lets go of it when the process
/// ends, however it ends.
#[derive(Debug)]
pub struct ServingLock(Option<File>);

impl ServingLock {
    /// PostgreSQL takes any number of serving processes.
    ///
    /// # Errors
    /// [`OpenError::AlreadyServed`] if another process holds it.
    pub fn take(url: &str) -> Result<Self, OpenError> {
        let Location::Sqlite(database) = Location::parse(url)? else { return Ok(Self(None)) };
        let path = beside(&database, "-serving");
        let mut file = open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::AlreadyServed(database.display().to_string())),
            Err(TryLockError::Error(e)) => return Err(OpenError::Unavailable(format!("{}: {e}", path.display()))),
        }
        // For whoever looks; the lock does not depend on it.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self(Some(file)))
    }

    /// Whether there was anything to lock.
    pub fn is_exclusive(&self) -> bool {
        self.0.is_some()
    }
}

/// How long a transaction waits for another process's to end.
const WRITE_LOCK_PATIENCE: Duration = Duration::from_secs(5);
const WRITE_LOCK_POLL: Duration = Duration::from_micros(300);

/// Whose turn it is to take SQLite's write lock. SQLite has no queue: a process that commits and
/// begins again at once (an import) would starve one that polls. Who waits for the write lock holds
/// this file's lock, and the other, before it begins again, waits for that.
#[derive(Debug)]
pub(super) struct Turn(File);

impl Turn {
    pub(super) fn of(database: &Path) -> Result<Self, OpenError> {
        open(&beside(database, "-turn")).map(Self)
    }

    /// Runs `begin` until the write lock is had or patience ends.
    pub(super) fn begin(&self, begin: impl FnMut() -> QueryResult<()>) -> QueryResult<()> {
        self.begin_and(begin, Ok)
    }

    /// The same, and then `work`, before anybody else of this house may begin.
    pub(super) fn begin_and<T>(
        &self,
        mut begin: impl FnMut() -> QueryResult<()>,
        work: impl FnOnce(()) -> QueryResult<T>,
    ) -> QueryResult<T> {
        let since = Moment::now();
        let queued = self.enter(since);
        let begun = loop {
            match begin() {
                Err(error) if is_busy(&error) && since.elapsed() < WRITE_LOCK_PATIENCE => {
                    std::thread::sleep(WRITE_LOCK_POLL);
                }
                done => break done,
            }
        };
        let done = begun.and_then(work);
        if queued {
            // Failing to let go could only mean the descriptor is bad; then it is not locked either.
            let _ = self.0.unlock();
        }
        done
    }

    /// The queue is a courtesy: without it (a file system without locks) the write lock still holds.
    fn enter(&self, since: Moment) -> bool {
        loop {
            match self.0.try_lock() {
                Ok(()) => return true,
                Err(TryLockError::WouldBlock) if since.elapsed() < WRITE_LOCK_PATIENCE => {
                    std::thread::sleep(WRITE_LOCK_POLL);
                }
                Err(_) => return false,
            }
        }
    }
}
