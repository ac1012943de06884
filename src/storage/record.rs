//! Records that ride at the end of a commit group (the audit's entries).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Db, StorageError};

const EMPTY: u64 = u64::MAX;

/// Where a record ended up: `None` until the trailer has written it.
#[derive(Debug, Clone)]
pub struct Slot(Arc<AtomicU64>);

impl Default for Slot {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(EMPTY)))
    }
}

impl Slot {
    pub fn index(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Acquire)).filter(|index| *index != EMPTY)
    }
    /// A group that runs again fills its slots again.
    pub fn fill(&self, index: u64) {
        self.0.store(index, Ordering::Release);
    }
    pub(super) fn clear(&self) {
        self.fill(EMPTY);
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
