//! A transaction of its own, for bulk work.

use std::time::Duration;

use diesel::connection::TransactionManager;

use super::error::Fault;
use super::failure::FailureWatch;
use super::lock::Turn;
use super::session::begin_on;
use super::writer::Writer;
use super::{Db, StorageError, dialect};

const TRIES: u64 = 4;

pub(super) fn run_alone<T, E: From<StorageError>>(
    (db, watch, turn): (&mut Db, &FailureWatch, Option<&Turn>),
    channel: &str,
    work: impl Fn(&mut Db) -> Result<T, E>,
) -> Result<T, E> {
    let mut tried = 0;
    loop {
        tried += 1;
        begin_on(db, turn).map_err(StorageError::from)?;
        watch.reset();
        let outcome = work(db).and_then(|done| {
            if watch.unresolved() {
                return Err(StorageError::BrokenInvariant("a statement failed and its error was passed over").into());
            }
            dialect::announce(db, channel).map_err(StorageError::from)?;
            Ok(done)
        });
        let outcome = match outcome {
            Ok(done) => Db::commit_transaction(db).map(|()| done).map_err(|e| StorageError::from(e).into()),
            Err(error) => {
                // A connection that cannot roll back is told from a sound one when it is next taken.
                let _ = Db::rollback_transaction(db);
                Err(error)
            }
        };
        let again = tried < TRIES && matches!(watch.worst(), Some((Fault::Retry, _)));
        if outcome.is_ok() || !again {
            return outcome;
        }
        std::thread::sleep(Duration::from_millis(tried));
    }
}

impl Writer {
    pub(super) fn run_alone<T, E: From<StorageError>>(
        &mut self,
        work: impl Fn(&mut Db) -> Result<T, E>,
    ) -> Result<T, E> {
        self.session.ensure()?;
        let outcome = run_alone(self.session.parts()?, &self.channel, work);
        self.session.abort();
        if outcome.is_ok() {
            self.pulse.tick();
        }
        outcome
    }
}
