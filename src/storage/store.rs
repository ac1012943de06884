//! The store and its doors.

use super::{Db, Record, Slot, StorageError, Trailer};

/// How far a read reaches; decides where it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One or a few rows by unique key: may run on the worker itself.
    Key,
    /// Anything else: runs on a blocking thread.
    Scan,
}

#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `sqlite:PATH`, `postgres://…` or `postgresql://…`.
    pub url: String,
    /// Readers (SQLite, 2–4) or connections (PostgreSQL, 4–8).
    pub readers: u32,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Store;

/// A running transaction of [`Store::write`].
pub struct Tx<'a> {
    db: &'a mut Db,
    records: &'a mut Vec<Record>,
}

impl Tx<'_> {
    /// The connection. The first call begins this job's savepoint: a job that only appends
    /// records costs none.
    pub fn db(&mut self) -> Result<&mut Db, StorageError> {
        Ok(self.db)
    }
    /// Adds a record to the end of this commit group.
    pub fn append(&mut self, record: Record) -> Slot {
        let slot = record.slot.clone();
        self.records.push(record);
        slot
    }
}

impl Store {
    /// Opens the database and checks that its schema is this program's (see `migrate`).
    pub fn open(_config: &StoreConfig) -> Result<Self, StorageError> {
        todo!()
    }
    /// Sets who writes the records of commit groups; once, before the first `append`.
    pub async fn install_trailer(&self, _trailer: Box<dyn Trailer>) -> Result<(), StorageError> {
        todo!()
    }
    /// Runs `work` on a reading connection (never in a transaction that writes).
    pub async fn read<T, E>(
        &self,
        _reach: Reach,
        _work: impl FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        todo!()
    }
    /// Runs a short change on the writer's thread, in a savepoint of a commit group; resolves once
    /// the group is durable. `work` may run again (another job's fault, a serialisation failure),
    /// so it is `Fn` and keeps its effects in the transaction. `Err` rolls back this job alone.
    pub async fn write<T, E>(&self, _work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        todo!()
    }
    /// Runs one slice of bulk work in a transaction of its own. On SQLite a slice should take no
    /// more than 5 ms; on PostgreSQL it has its own connection and may be longer.
    pub async fn bulk<T, E>(&self, _work: impl Fn(&mut Db) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        todo!()
    }
    /// Whether the backend is SQLite (operations, metrics; not for choosing SQL: see `dialect`).
    pub fn is_sqlite(&self) -> bool {
        todo!()
    }
}
