//! The writer's connection: its transaction, its failures, its loss and return.

use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};
use diesel::result::{Error as DieselError, QueryResult};

use super::connect::{Intent, connect};
use super::error::{Fault, fault_of};
use super::failure::FailureWatch;
use super::location::Location;
use super::lock::Turn;
use super::pool::is_lost;
use super::{Db, StorageError, dialect};

/// Begins a transaction that will write.
pub(super) fn begin_on(db: &mut Db, turn: Option<&Turn>) -> QueryResult<()> {
    match db {
        Db::Pg(connection) => AnsiTransactionManager::begin_transaction_sql(connection, dialect::BEGIN_POSTGRES),
        Db::Lite(connection) => {
            let mut begin = || AnsiTransactionManager::begin_transaction_sql(connection, dialect::BEGIN_SQLITE);
            match turn {
                Some(turn) => turn.begin(begin),
                None => begin(),
            }
        }
    }
}

pub(super) struct Session {
    location: Location,
    db: Option<Db>,
    pub(super) watch: FailureWatch,
    turn: Option<Turn>,
    /// The worst that happened to the transaction itself (not within a job's own statements).
    trouble: Option<(Fault, StorageError)>,
}

impl Session {
    pub(super) fn new(location: Location, db: Db, turn: Option<Turn>) -> Self {
        let mut session = Self { location, db: None, watch: FailureWatch::default(), turn, trouble: None };
        session.adopt(db);
        session
    }

    fn adopt(&mut self, mut db: Db) {
        db.set_instrumentation(self.watch.instrumentation());
        self.db = Some(db);
    }

    /// The connection, outside of any job.
    pub(super) fn db(&mut self) -> Result<&mut Db, StorageError> {
        self.db.as_mut().ok_or_else(|| StorageError::unavailable("the connection was lost"))
    }

    pub(super) fn parts(&mut self) -> Result<(&mut Db, &FailureWatch, Option<&Turn>), StorageError> {
        match self.db.as_mut() {
            Some(db) => Ok((db, &self.watch, self.turn.as_ref())),
            None => Err(StorageError::unavailable("the connection was lost")),
        }
    }

    /// Opens the connection again if it was lost.
    pub(super) fn ensure(&mut self) -> Result<(), StorageError> {
        self.trouble = None;
        if self.db.as_mut().is_some_and(is_lost) {
            self.db = None;
        }
        if self.db.is_none() {
            let db = connect(&self.location, Intent::Write)?;
            self.adopt(db);
        }
        Ok(())
    }

    pub(super) fn discard(&mut self) {
        self.db = None;
    }

    fn depth(&mut self) -> u32 {
        let Some(db) = self.db.as_mut() else { return 0 };
        let status = Db::transaction_manager_status_mut(db).transaction_depth();
        status.ok().flatten().map_or(0, std::num::NonZeroU32::get)
    }

    pub(super) fn in_transaction(&mut self) -> bool {
        self.depth() > 0
    }

    /// Begins the group's transaction, if it has not begun.
    pub(super) fn begin(&mut self) -> Result<(), StorageError> {
        if self.in_transaction() {
            return Ok(());
        }
        let (db, _, turn) = self.parts()?;
        let begun = begin_on(db, turn);
        self.watch.reset();
        self.noted(begun)
    }

    pub(super) fn savepoint(&mut self) -> Result<(), StorageError> {
        let begun = Db::begin_transaction(self.db()?);
        self.noted(begun)
    }

    pub(super) fn release(&mut self) -> Result<(), StorageError> {
        let released = Db::commit_transaction(self.db()?);
        self.noted(released)
    }

    pub(super) fn roll_back_to_savepoint(&mut self) -> Result<(), StorageError> {
        let rolled = Db::rollback_transaction(self.db()?);
        self.noted(rolled)
    }

    /// COMMIT. The caller decides what an error means.
    pub(super) fn commit(&mut self) -> QueryResult<()> {
        match self.db.as_mut() {
            Some(db) => Db::commit_transaction(db),
            None => Err(DieselError::BrokenTransactionManager),
        }
    }

    /// Leaves whatever transaction there is; a connection that cannot is given up.
    pub(super) fn abort(&mut self) {
        while self.in_transaction() {
            let Some(db) = self.db.as_mut() else { return };
            if Db::rollback_transaction(db).is_err() {
                self.discard();
            }
        }
        if self.db.as_mut().is_some_and(is_lost) {
            self.discard();
        }
    }

    fn noted<T>(&mut self, result: QueryResult<T>) -> Result<T, StorageError> {
        result.map_err(|error| {
            let fault = if self.db.as_mut().is_some_and(is_lost) { Fault::Lost } else { fault_of(&error) };
            let error = StorageError::from(error);
            if self.trouble.as_ref().is_none_or(|(worst, _)| *worst < fault) {
                self.trouble = Some((fault, error.clone()));
            }
            error
        })
    }

    /// What befell the transaction itself since [`Session::ensure`], if anything, with the cause
    /// that its statements know (a full disk makes the savepoint vanish).
    pub(super) fn trouble(&mut self) -> Option<(Fault, StorageError)> {
        let trouble = self.trouble.take()?;
        Some(self.watch.worst().filter(|(fault, _)| *fault > trouble.0).unwrap_or(trouble))
    }
}
