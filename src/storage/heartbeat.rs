//! A write that is there to see that writing works.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use tokio::sync::oneshot;

use super::job::{Job, Tx, Verdict};
use super::location::Location;
use super::schema::heartbeats;
use super::{Record, StorageError, per_arm};
use crate::kernel::Instant;

/// Free bytes below which a SQLite database counts as having no room: a small write may still fit into what
/// its log has been given before, the next large one would not.
const LEAST_ROOM: u64 = 16 * 1024 * 1024;

/// Writes a row anew. Unlike a change it is told to nobody, here or on other replicas.
pub(super) struct Heartbeat {
    slot: i16,
    at: Instant,
    outcome: Result<(), StorageError>,
    caller: oneshot::Sender<Result<(), StorageError>>,
}

impl Heartbeat {
    pub(super) fn new(slot: i16, at: Instant) -> (Self, oneshot::Receiver<Result<(), StorageError>>) {
        let (caller, answer) = oneshot::channel();
        (Self { slot, at, outcome: Ok(()), caller }, answer)
    }

    fn write(&self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        let row = (heartbeats::slot.eq(self.slot), heartbeats::at.eq(self.at.as_micros()));
        let known = heartbeats::table.find(self.slot);
        let db = tx.db()?;
        let updated = diesel::update(known).set(heartbeats::at.eq(self.at.as_micros())).execute(db)?;
        if updated == 0 {
            per_arm!(db, conn => diesel::insert_into(heartbeats::table).values(row).execute(conn))?;
        }
        Ok(())
    }
}

impl Job for Heartbeat {
    fn is_change(&self) -> bool {
        false
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        self.outcome = self.write(tx);
        if self.outcome.is_ok() { Verdict::Kept } else { Verdict::Refused }
    }

    fn spoil(&mut self, error: StorageError) {
        self.outcome = Err(error);
    }

    fn answer(self: Box<Self>, _written: &[Record]) {
        // Who asked may have lost patience.
        let _ = self.caller.send(self.outcome);
    }
}

/// Whether the disk of a SQLite database has room to write.
pub(super) fn check_room(location: &Location) -> Result<(), StorageError> {
    let Location::Sqlite(path) = location else { return Ok(()) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let room = rustix::fs::statvfs(folder.unwrap_or(std::path::Path::new(".")));
    let room = room.map_err(|error| StorageError::Unavailable(super::error::Cause::of(&error)))?;
    if room.f_bavail.saturating_mul(room.f_frsize) < LEAST_ROOM {
        return Err(StorageError::DiskFull("less room is left than a write may need".into()));
    }
    Ok(())
}
