//! Which log this process writes, and whether it may go on with it.
//!
//! A log belongs to one state folder: only who holds the last checkpoint seen outside the database
//! can tell that the database did not fall behind it. Within that, the lease is the epoch in the
//! log's row: claiming raises it, and every commit group checks it in its own transaction.

use std::fmt;

use super::checkpoint::Checkpoint;
use super::position::MAX_LOG_SIZE;
use super::proofs::root_at;
use super::shared::Lease;
use super::store::{self, LogRow, LogState, LogWriterKind, NewLog};
use super::tail::Tail;
use crate::kernel::{Entropy, Instant, TransactionId};
use crate::storage::{Db, StorageError};

/// Room that a log keeps for the group that finds it full.
const RESERVE: u64 = 1 << 24;
const NAME_LETTERS: usize = 12;

/// Who opens logs, and under which names.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub holder: [u8; 16],
    /// The scheme-less URL prefix below which the logs are served, e.g. `dancu.vn/audit`. A log keeps
    /// the origin that it was opened with, wherever it is served later.
    pub prefix: String,
    /// This is a server, and no other writes this database: logs of other servers are abandoned. Of a command
    /// that says nothing: others may run beside it, and the log of one that was killed is gone on with by the next in
    /// its folder.
    pub sole_server: bool,
    pub writer: LogWriterKind,
}

/// Why a log is not continued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lapse {
    LeaseLost,
    /// The database is an older copy: it lacks entries that a checkpoint has covered.
    Behind {
        stored: u64,
        seen: u64,
    },
    /// The database holds other entries than the checkpoint covered.
    Differs {
        seen: u64,
    },
    /// There is no checkpoint of this log outside the database to hold it against.
    Unwitnessed,
    Full,
    Abandoned,
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeaseLost => f.write_str("another process has taken it over"),
            Self::Behind { stored, seen } => {
                write!(f, "the database holds {stored} of at least {seen} entries: an older copy of it was restored")
            }
            Self::Differs { seen } => {
                write!(f, "the first {seen} entries are not those that were signed: another copy was restored")
            }
            Self::Unwitnessed => f.write_str("no checkpoint of it was kept outside the database"),
            Self::Full => f.write_str("it is full"),
            Self::Abandoned => f.write_str("its writer is gone"),
        }
    }
}

#[derive(Debug)]
pub(super) enum Resumed {
    Sound(Tail),
    Lost(Lapse),
}

#[derive(Debug)]
pub(super) struct Claimed {
    pub lease: Lease,
    pub tail: Tail,
    /// Logs that were closed on the way, and why.
    pub closed: Vec<(String, Lapse)>,
}

impl Opening {
    /// Takes the lease of the log that `saved` speaks of, or opens a new one.
    pub(super) fn claim(
        &self,
        db: &mut Db,
        saved: Option<&Checkpoint>,
        now: Instant,
        entropy: &dyn Entropy,
    ) -> Result<Claimed, StorageError> {
        let (mut claimed, mut closed) = (None, Vec::new());
        for row in store::logs(db)?.into_iter().filter(|row| row.state == LogState::Open) {
            let resumed = match row.holder == self.holder {
                true if claimed.is_some() => Resumed::Lost(Lapse::Abandoned),
                true => self.examine(db, &row, saved)?,
                false if self.sole_server && row.writer == LogWriterKind::Server => Resumed::Lost(Lapse::Abandoned),
                false => continue,
            };
            match resumed {
                Resumed::Sound(tail) => {
                    let epoch = store::claim(db, row.log, row.epoch)?
                        .ok_or_else(|| StorageError::conflict("the lease of the audit log"))?;
                    claimed = Some((lease(row.log, epoch, &row.name, &row.origin), tail));
                }
                Resumed::Lost(lapse) => {
                    store::close(db, row.log, now.as_micros())?;
                    closed.push((row.name, lapse));
                }
            }
        }
        let (lease, tail) = match claimed {
            Some(found) => found,
            None => (self.open_new(db, now, entropy)?, Tail::default()),
        };
        Ok(Claimed { lease, tail, closed })
    }

    /// Opens a new log under a name that no copy of this database can have given before.
    pub(super) fn open_new(&self, db: &mut Db, now: Instant, entropy: &dyn Entropy) -> Result<Lease, StorageError> {
        let mut name = TransactionId::random(entropy).to_string();
        name.truncate(NAME_LETTERS);
        let origin = format!("{}/{name}", self.prefix);
        let new = NewLog {
            name: &name,
            origin: &origin,
            holder: &self.holder,
            writer: self.writer,
            opened_at: now.as_micros(),
        };
        let log = store::insert_log(db, &new)?;
        Ok(lease(log, 1, &name, &origin))
    }

    /// Whether the lease still holds and the log still has what was `known` of it.
    pub(super) fn resume(
        &self,
        db: &mut Db,
        lease: &Lease,
        known: &Checkpoint,
        now: Instant,
    ) -> Result<Resumed, StorageError> {
        store::lock(db, lease.log)?;
        match store::find_log(db, &lease.name)? {
            None => Ok(Resumed::Lost(Lapse::Behind { stored: 0, seen: known.size })),
            Some(row) if row.epoch != lease.epoch || row.state != LogState::Open => Ok(Resumed::Lost(Lapse::LeaseLost)),
            Some(row) => {
                let resumed = self.examine(db, &row, Some(known))?;
                if let Resumed::Lost(_) = &resumed {
                    store::close(db, row.log, now.as_micros())?;
                }
                Ok(resumed)
            }
        }
    }

    fn examine(&self, db: &mut Db, row: &LogRow, known: Option<&Checkpoint>) -> Result<Resumed, StorageError> {
        let lapse = match known.filter(|known| known.origin == row.origin) {
            // Nothing was ever answered from an empty log, unless a checkpoint says so.
            None if row.size == 0 => None,
            None => Some(Lapse::Unwitnessed),
            Some(known) if row.size < known.size => Some(Lapse::Behind { stored: row.size, seen: known.size }),
            Some(known) if root_at(db, row.log, known.size)? != known.root => Some(Lapse::Differs { seen: known.size }),
            Some(_) if row.size + RESERVE > MAX_LOG_SIZE => Some(Lapse::Full),
            Some(_) => None,
        };
        match lapse {
            Some(lapse) => Ok(Resumed::Lost(lapse)),
            None => Ok(Resumed::Sound(store::load_tail(db, row.log, row.size)?)),
        }
    }
}

fn lease(log: i32, epoch: i64, name: &str, origin: &str) -> Lease {
    Lease { log, epoch, name: name.into(), origin: origin.into() }
}
