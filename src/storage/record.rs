//! Records that ride at the end of a commit group (the audit's entries).

use std::sync::{Arc, OnceLock};

use super::{Db, StorageError};

/// Where a record ended up: `None` until the trailer has written it.
#[derive(Debug, Clone, Default)]
pub struct Slot(Arc<OnceLock<u64>>);

impl Slot {
    pub fn index(&self) -> Option<u64> {
        self.0.get().copied()
    }
    pub fn fill(&self, index: u64) {
        let _ = self.0.set(index);
    }
}

/// One append-only record: opaque bytes, and the 16-byte keys of whom it is about.
#[derive(Debug, Clone)]
pub struct Record {
    pub body: Vec<u8>,
    pub subjects: Vec<[u8; 16]>,
    pub slot: Slot,
}

/// Writes the records of a commit group, last in its transaction. Exactly one of `committed`,
/// `rolled_back`, `in_doubt` follows each `write`; all calls come from the writer's thread.
pub trait Trailer: Send {
    /// Gives every record its index (through its slot) and stores it.
    fn write(&mut self, db: &mut Db, records: &[Record]) -> Result<(), StorageError>;
    /// The group is durable.
    fn committed(&mut self);
    /// The group is certainly not in the database.
    fn rolled_back(&mut self);
    /// The outcome of the commit is unknown: read the tail again before the next `write`.
    fn in_doubt(&mut self);
}
