//! A commit group: jobs in order, their records last, one commit, then every answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use diesel::result::{DatabaseErrorKind as Kind, Error as DieselError};

use super::error::{Fault, fault_of, is_busy};
use super::job::{Job, Tx, Verdict};
use super::relay::together;
use super::writer::Writer;
use super::{StorageError, dialect};
use crate::kernel::Causes;

pub(super) type Jobs = Vec<Box<dyn Job>>;

const TRIES_ALONE: u32 = 4;

/// Why an attempt at a group failed. Nothing of it is in the database, but for `Refused` after a
/// commit of unknown outcome.
enum Setback {
    /// This job panicked; the others may try again together.
    Culprit(usize, StorageError),
    /// Some job's fault, or another transaction's: each tries alone.
    Apart(StorageError),
    /// The connection is gone: once more on a new one.
    Lost(StorageError),
    /// Trying again would not help now.
    Refused(StorageError),
}

impl From<(Fault, StorageError)> for Setback {
    fn from((fault, error): (Fault, StorageError)) -> Self {
        match fault {
            Fault::Statement | Fault::Retry => Self::Apart(error),
            Fault::Unavailable => Self::Refused(error),
            Fault::Lost => Self::Lost(error),
        }
    }
}

impl Writer {
    pub(super) fn run_group(&mut self, mut jobs: Jobs) {
        let mut lost_before = false;
        let mut tries = 0;
        while !jobs.is_empty() {
            let Err(setback) = self.attempt(&mut jobs) else { return self.answer(jobs) };
            self.undo(&mut jobs);
            match setback {
                Setback::Culprit(index, error) => refuse(jobs.remove(index), error),
                Setback::Lost(_) if !lost_before => lost_before = true,
                Setback::Apart(_) if jobs.len() > 1 => {
                    self.stats.note_apart();
                    return jobs.into_iter().for_each(|job| self.run_group(vec![job]));
                }
                Setback::Apart(StorageError::Conflict(_)) if tries < TRIES_ALONE => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(u64::from(tries)));
                }
                Setback::Lost(error) | Setback::Apart(error) | Setback::Refused(error) => {
                    return jobs.into_iter().for_each(|job| refuse(job, error.clone()));
                }
            }
        }
    }

    fn attempt(&mut self, jobs: &mut Jobs) -> Result<(), Setback> {
        self.session.ensure().map_err(Setback::Refused)?;
        let mut changed = false;
        for (index, job) in jobs.iter_mut().enumerate() {
            let before = self.records.len();
            changed |= self.run_job(index, job.as_mut())?;
            self.spans.push(self.records.len() - before);
        }
        self.write_records()?;
        if self.session.in_transaction() {
            if changed {
                self.announce()?;
            }
            self.commit()?;
        }
        if changed {
            self.pulse.tick();
        }
        Ok(())
    }

    /// Whether the job changed what others read.
    fn run_job(&mut self, index: usize, job: &mut dyn Job) -> Result<bool, Setback> {
        let before = self.records.len();
        self.session.watch.reset();
        let mut tx = Tx { session: &mut self.session, records: &mut self.records, savepoint: false };
        let verdict = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx)));
        let savepoint = tx.savepoint;
        let Ok(mut verdict) = verdict else {
            return Err(Setback::Culprit(index, StorageError::BrokenInvariant("a change panicked")));
        };
        if let Some(trouble) = self.session.trouble() {
            return Err(trouble.into());
        }
        if savepoint {
            let worst = self.session.watch.worst();
            if let Some(grave @ (Fault::Retry | Fault::Lost, _)) = worst {
                return Err(grave.into());
            }
            if matches!(verdict, Verdict::Kept) && self.session.watch.unresolved() {
                job.spoil(StorageError::BrokenInvariant("a statement failed and its error was passed over"));
                verdict = Verdict::Refused;
            }
            let ended = match verdict {
                Verdict::Kept => self.session.release(),
                Verdict::Refused => self.session.roll_back_to_savepoint(),
            };
            if let Err(error) = ended {
                return Err(self.session.trouble().map_or(Setback::Apart(error), Setback::from));
            }
        }
        if matches!(verdict, Verdict::Refused) {
            self.records.truncate(before);
        }
        Ok(savepoint && job.is_change() && matches!(verdict, Verdict::Kept))
    }

    fn write_records(&mut self) -> Result<(), Setback> {
        if self.records.is_empty() {
            return Ok(());
        }
        let Some(trailer) = self.trailer.as_mut() else {
            return Err(Setback::Refused(StorageError::BrokenInvariant("nobody writes the records yet")));
        };
        if let Err(error) = self.session.begin() {
            return Err(self.session.trouble().map_or(Setback::Refused(error), Setback::from));
        }
        self.session.watch.reset();
        let db = self.session.db().map_err(Setback::Lost)?;
        self.trailing = true;
        let written = catch_unwind(AssertUnwindSafe(|| trailer.write(db, &self.records)));
        let unresolved = self.session.watch.unresolved();
        let error = match written {
            Ok(Ok(())) if !unresolved => return Ok(()),
            Ok(Ok(())) => StorageError::BrokenInvariant("a statement of the trailer failed unnoticed"),
            Ok(Err(error)) => error,
            Err(_) => StorageError::BrokenInvariant("the trailer panicked"),
        };
        Err(match (self.session.watch.worst(), error) {
            (Some((Fault::Lost, _)), error) => Setback::Lost(error),
            (_, error @ (StorageError::Unavailable(_) | StorageError::DiskFull(_))) => Setback::Refused(error),
            (Some((Fault::Unavailable, error)), _) => Setback::Refused(error),
            (_, error) => Setback::Apart(error),
        })
    }

    fn announce(&mut self) -> Result<(), Setback> {
        let db = self.session.db().map_err(Setback::Lost)?;
        dialect::announce(db, &self.channel).map_err(|e| (fault_of(&e), StorageError::from(e)).into())
    }

    fn commit(&mut self) -> Result<(), Setback> {
        let Err(error) = self.session.commit() else {
            self.conclude(|trailer| trailer.committed());
            self.stats.note_commit();
            return Ok(());
        };
        if surely_rolled_back(&error) {
            return Err((fault_of(&error), StorageError::from(error)).into());
        }
        tracing::error!(error = %Causes(&error), "the outcome of a commit is unknown");
        self.stats.note_doubt();
        self.conclude(|trailer| trailer.in_doubt());
        self.session.discard();
        Err(Setback::Refused(StorageError::unavailable("the outcome of the commit is unknown")))
    }

    /// Tells the trailer how its last `write` ended, once.
    fn conclude(&mut self, tell: impl FnOnce(&mut dyn super::Trailer)) {
        if std::mem::take(&mut self.trailing)
            && let Some(trailer) = self.trailer.as_deref_mut()
        {
            tell(trailer);
        }
    }

    /// Leaves the transaction and gives the jobs their records back.
    fn undo(&mut self, jobs: &mut Jobs) {
        self.session.abort();
        self.conclude(|trailer| trailer.rolled_back());
        self.records.iter().for_each(|record| record.slot.clear());
        let mut records = self.records.drain(..);
        for (job, span) in jobs.iter_mut().zip(self.spans.drain(..)) {
            let mut own = records.by_ref().take(span);
            job.reclaim(&mut own);
            own.for_each(drop);
        }
    }

    fn answer(&mut self, jobs: Jobs) {
        self.stats.note_jobs(jobs.len());
        let mut written = self.records.as_slice();
        together(|| {
            for (job, span) in jobs.into_iter().zip(self.spans.drain(..)) {
                let (own, rest) = written.split_at(span);
                job.answer(own);
                written = rest;
            }
        });
        self.records.clear();
    }
}

fn refuse(mut job: Box<dyn Job>, error: StorageError) {
    job.spoil(error);
    job.answer(&[]);
}

/// A COMMIT that failed on a deferred constraint, a serialisation failure or a busy lock left
/// nothing behind; after any other failure nobody knows.
fn surely_rolled_back(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(kind, _) => {
            matches!(
                kind,
                Kind::UniqueViolation
                    | Kind::ForeignKeyViolation
                    | Kind::CheckViolation
                    | Kind::NotNullViolation
                    | Kind::ExclusionViolation
                    | Kind::RestrictViolation
                    | Kind::SerializationFailure
            ) || fault_of(error) == Fault::Retry
                || is_busy(error)
        }
        _ => false,
    }
}
