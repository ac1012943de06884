//! Moves SQLite's write-ahead log into the database, away from the writer's commits, and lets the log
//! begin anew.
//!
//! A log begins anew by itself only if a commit finds all of it moved and nobody reading it: under load,
//! and during an import whose own readers never rest, that does not happen. So the checkpointer, having
//! moved all but the last pages, takes its turn for the write lock, moves those, waits a few milliseconds
//! for readers to end, and starts the log over.
//!
//! Readers that overlap without a pause do not prevent it. Once all of the log is in the database, whoever
//! begins to read leaves the log alone, and nobody can write more of it: it is enough to outwait those who
//! read already, which takes as long as the longest of their statements.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use diesel::connection::SimpleConnection;
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
/// Pages (4 MiB) that may be left to move while the write lock is held; and as many (32 MiB) once the log is
/// twice as long as it should be, since commits come in faster than the disk syncs.
const FEW_PAGES: i32 = 1_024;
const MORE_PAGES: i32 = 8_192;
/// How often in a round the log is moved again, because commits came in meanwhile.
const PASSES: u32 = 4;
/// How long the write lock is held at most while readers end: outwaited is whoever does within it, however many
/// follow, and the wait ends when they do. What it costs writers is a wait in vain.
const WAIT: Duration = Duration::from_millis(25);
/// The same once the log has more pages than these (80 MiB).
const LONGER_WAIT: Duration = Duration::from_millis(100);
const LONGER_LOG: i32 = 20_480;
/// The same beside a reader that has held the log for long, and will not end in any such time.
const SHORT_WAIT: Duration = Duration::from_millis(5);
/// After a wait in vain the writers have so many times as long for themselves, if that is less than `EVERY`.
const REST: u32 = 10;
/// Rounds without a commit (5 s) after which the log is cut off.
const IDLE_ROUNDS: u32 = 10;
/// Between two times that the log is cut off because rows were erased, whose last images it holds.
const ERASED_EVERY: Duration = Duration::from_secs(300);

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
    /// The next commit begins the log anew.
    free: bool,
    /// A reader kept the log from beginning anew, and nothing was moved since.
    refused: bool,
    failing: bool,
}

impl<'a> Checkpointer<'a> {
    pub(super) fn new(location: &'a Location, log: &'a Log, turn: Turn) -> Self {
        Self { location, log, turn, db: None, last: None, idle_rounds: 0, free: false, refused: false, failing: false }
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
        let ended = self.round().and_then(|_| if self.log.bytes() > 0 { self.begin_anew(true, WAIT) } else { Ok(()) });
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
            self.log.note_emptied(false);
        }
        let moved_on = last.is_none_or(|last| now.checkpointed != last.checkpointed || now.log < last.log);
        let unmoved = now.log - now.checkpointed;
        self.refused &= !moved_on;
        self.log.note_held(!moved_on && (unmoved > 0 || self.refused));
        let idle = unmoved == 0 && last.is_some_and(|last| last.log == now.log);
        self.idle_rounds = if idle { self.idle_rounds + 1 } else { 0 };
        self.free &= idle;
        let few = if now.log > 2 * LONG_LOG { MORE_PAGES } else { FEW_PAGES };
        let wait = self.wait_for_readers(now.log);
        let erased = unmoved.max(left) <= few && self.log.is_erasing_due(ERASED_EVERY);
        if erased || (self.idle_rounds >= IDLE_ROUNDS && self.log.bytes() > 0) {
            self.idle_rounds = 0;
            self.begin_anew(true, wait)?;
        } else if now.log > LONG_LOG && !self.free && unmoved.max(left) <= few {
            self.begin_anew(self.log.bytes() > KEPT_BYTES, wait)?;
            if self.refused && !idle && !self.log.is_held_for_long() {
                return Ok(EVERY.min(wait * REST));
            }
        } else if now.log > LONG_LOG && moved_on {
            return Ok(SOON);
        }
        Ok(EVERY)
    }

    /// Moves pages, of a long log again and again, until few are left; what was found last, and how many pages
    /// may have come in since.
    fn move_pages(&mut self) -> Result<(Progress, i32), String> {
        let mut now = self.passive()?;
        let mut left = now.log;
        for _ in 1..PASSES {
            if now.busy != 0 || now.log <= LONG_LOG || left <= FEW_PAGES {
                break;
            }
            let before = now;
            now = self.passive()?;
            left = now.log - before.checkpointed;
            if now.checkpointed == before.checkpointed {
                break;
            }
        }
        Ok((now, left))
    }

    fn wait_for_readers(&self, pages: i32) -> Duration {
        match self.log.is_held_for_long() {
            true => SHORT_WAIT,
            false if pages > LONGER_LOG => LONGER_WAIT,
            false => WAIT,
        }
    }

    /// Lets the log begin anew if those who read now end within `wait`; else a later round tries again.
    fn begin_anew(&mut self, cut_off: bool, wait: Duration) -> Result<(), String> {
        let mode = if cut_off { "TRUNCATE" } else { "RESTART" };
        let Self { db, turn, .. } = self;
        let Some(db) = db.as_mut() else { return Ok(()) };
        // Whoever writes just now ends first, which delays nobody; the checkpoint alone would not wait so long.
        let db = std::cell::RefCell::new(db);
        let begin = || db.borrow_mut().batch_execute("BEGIN IMMEDIATE; ROLLBACK");
        let anew = |()| {
            let mut db = db.borrow_mut();
            set_busy_timeout(*db, wait)?;
            let done = checkpoint(*db, mode)?;
            // The write lock is waited for by `turn`, which notices sooner that it is free.
            set_busy_timeout(*db, SHORT_WAIT)?;
            Ok(done)
        };
        let done = turn.begin_and(begin, anew).map_err(|error| error.to_string())?;
        self.refused = done.busy != 0;
        self.free = !self.refused;
        if self.free {
            self.log.note_emptied(cut_off);
        }
        Ok(())
    }

    fn passive(&mut self) -> Result<Progress, String> {
        let db = match &mut self.db {
            Some(db) => db,
            None => self.db.insert(connect(self.location, Intent::Checkpoint).map_err(|error| error.to_string())?),
        };
        checkpoint(db, "PASSIVE").map_err(|error| error.to_string())
    }
}

fn set_busy_timeout(db: &mut Db, wait: Duration) -> QueryResult<()> {
    db.batch_execute(&format!("PRAGMA busy_timeout = {}", wait.as_millis()))
}

fn checkpoint(db: &mut Db, mode: &str) -> QueryResult<Progress> {
    diesel::sql_query(format!("PRAGMA wal_checkpoint({mode})")).get_result(db)
}
