//! Moves SQLite's write-ahead log into the database, away from the writer's commits, and lets the log
//! begin anew.
//!
//! A log begins anew by itself only if a commit finds all of it moved and nobody reading it: under load,
//! and during an import whose own readers never rest, that does not happen. So the checkpointer, having
//! moved all but the last pages, takes its turn for the write lock, moves those, waits a few milliseconds
//! for readers to end, and starts the log over.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use diesel::sql_types::Integer;
use diesel::{QueryResult, QueryableByName, RunQueryDsl};

use super::Db;
use super::connect::{Intent, connect};
use super::location::Location;
use super::lock::Turn;
use super::log::{KEPT_BYTES, Log};

const EVERY: Duration = Duration::from_millis(500);
/// Between rounds while the log is longer than it should be.
const SOON: Duration = Duration::from_millis(50);
/// Pages of log (48 MiB) after which it should begin anew.
const LONG_LOG: i32 = 12_288;
/// Pages (2 MiB) that may be left to move while the write lock is held.
const FEW_PAGES: i32 = 512;
/// How often in a round the log is moved again, because commits came in meanwhile.
const PASSES: u32 = 4;
/// Rounds without a commit (5 s) after which a log longer than `IDLE_BYTES` is cut off.
const IDLE_ROUNDS: u32 = 10;
const IDLE_BYTES: u64 = 4 << 20;

/// Pages of the log, and how many of them are in the database; `busy` if that is not known because
/// another process is at it, or if a reader kept the log from beginning anew.
#[derive(QueryableByName, Clone, Copy)]
struct Progress {
    #[diesel(sql_type = Integer)]
    busy: i32,
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

/// The checkpointer of an open store.
pub(super) struct Checkpointer<'a> {
    location: &'a Location,
    log: &'a Log,
    turn: Turn,
    db: Option<Db>,
    /// What the last round found.
    last: Option<Progress>,
    idle_rounds: u32,
    /// A reader kept the log from beginning anew, and nothing was moved since.
    refused: bool,
    failing: bool,
}

impl<'a> Checkpointer<'a> {
    pub(super) fn new(location: &'a Location, log: &'a Log, turn: Turn) -> Self {
        Self { location, log, turn, db: None, last: None, idle_rounds: 0, refused: false, failing: false }
    }

    /// The checkpointer's thread: until the store closes, and then once more.
    pub(super) fn work(mut self, store_is_open: &Receiver<()>) {
        let mut pause = EVERY;
        while matches!(store_is_open.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
            pause = match self.round() {
                Ok(pause) => pause,
                Err(error) => {
                    self.note_failure(&error);
                    EVERY
                }
            };
        }
        let ended =
            self.round().and_then(|_| if self.log.bytes() > IDLE_BYTES { self.begin_anew(true) } else { Ok(()) });
        if let Err(error) = ended {
            self.note_failure(&error);
        }
    }

    /// A disk that stays full is told once.
    fn note_failure(&mut self, error: &dyn std::fmt::Display) {
        self.db = None;
        if !std::mem::replace(&mut self.failing, true) {
            tracing::warn!(%error, "the write-ahead log cannot be checkpointed");
        }
    }

    /// Moves what there is; how long to rest then.
    fn round(&mut self) -> Result<Duration, String> {
        let (now, left) = self.move_pages()?;
        self.failing = false;
        if now.busy != 0 {
            return Ok(EVERY);
        }
        let last = self.last.replace(now);
        if last.is_some_and(|last| now.log < last.log) {
            self.log.note_emptied();
        }
        let moved_on = last.is_none_or(|last| now.checkpointed != last.checkpointed || now.log < last.log);
        let unmoved = now.log - now.checkpointed;
        self.refused &= !moved_on;
        self.log.note_held(!moved_on && (unmoved > 0 || self.refused));
        let idle = unmoved == 0 && last.is_some_and(|last| last.log == now.log);
        self.idle_rounds = if idle { self.idle_rounds + 1 } else { 0 };
        if now.log > LONG_LOG && unmoved.max(left) <= FEW_PAGES {
            self.begin_anew(self.log.bytes() > KEPT_BYTES)?;
        } else if self.idle_rounds >= IDLE_ROUNDS && self.log.bytes() > IDLE_BYTES {
            self.idle_rounds = 0;
            self.begin_anew(true)?;
        } else if now.log > LONG_LOG && moved_on {
            return Ok(SOON);
        }
        Ok(EVERY)
    }

    /// Moves pages, of a long log again and again, until few are left; what was found last, and how many pages
    /// may have come in since.
    fn move_pages(&mut self) -> Result<(Progress, i32), String> {
        let mut now = self.checkpoint("PASSIVE")?;
        let mut left = now.log;
        for _ in 1..PASSES {
            if now.busy != 0 || now.log <= LONG_LOG || left <= FEW_PAGES {
                break;
            }
            let before = now;
            now = self.checkpoint("PASSIVE")?;
            left = now.log - before.checkpointed;
            if now.checkpointed == before.checkpointed {
                break;
            }
        }
        Ok((now, left))
    }

    /// Lets the log begin anew if readers end within a few milliseconds; else a later round tries again.
    fn begin_anew(&mut self, cut_off: bool) -> Result<(), String> {
        let mode = if cut_off { "TRUNCATE" } else { "RESTART" };
        let Self { location, db, turn, .. } = self;
        self.refused = turn.hold(|| checkpoint(location, db, mode))?.busy != 0;
        if !self.refused {
            self.log.note_emptied();
            self.last = None;
        }
        Ok(())
    }

    fn checkpoint(&mut self, mode: &str) -> Result<Progress, String> {
        checkpoint(self.location, &mut self.db, mode)
    }
}

fn checkpoint(location: &Location, db: &mut Option<Db>, mode: &str) -> Result<Progress, String> {
    let connection = match db {
        Some(connection) => connection,
        None => db.insert(connect(location, Intent::Checkpoint).map_err(|error| error.to_string())?),
    };
    let done: QueryResult<Progress> =
        diesel::sql_query(format!("PRAGMA wal_checkpoint({mode})")).get_result(connection);
    done.map_err(|error| error.to_string())
}
