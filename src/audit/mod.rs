//! The record of every look at a person.

pub mod checkpoint;
mod entry;
mod finder;
mod position;
pub mod tile;
pub mod tree;

use std::sync::Arc;

pub use entry::{Entry, OfficerStanding, Outcome, Receipt};

use crate::crypto::Keyring;
use crate::kernel::{Clock, Entropy};
use crate::storage::{Slot, StorageError, Store, Tx};

#[derive(Debug, Clone, thiserror::Error)]
pub enum AuditError {
    #[error("the audit log cannot be written")]
    Unavailable(#[source] StorageError),
}
impl From<StorageError> for AuditError {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(error)
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Audit;

/// An entry in a running transaction; has its receipt once the transaction is durable.
pub struct PendingReceipt(Slot, Arc<str>);

impl PendingReceipt {
    /// # Errors
    /// `Unavailable` if the transaction has not been committed.
    pub fn receipt(&self) -> Result<Receipt, AuditError> {
        todo!()
    }
}

impl Audit {
    pub async fn open(
        _store: Store,
        _keyring: Keyring,
        _origin: &str,
        _clock: Arc<dyn Clock>,
        _entropy: Arc<dyn Entropy>,
    ) -> Result<Self, AuditError> {
        todo!()
    }
    /// Makes one entry durable; the answer it is about may leave afterwards.
    pub async fn record(&self, _entry: Entry) -> Result<Receipt, AuditError> {
        todo!()
    }
    /// Makes several entries durable in one commit, in order.
    pub async fn record_all(&self, _entries: Vec<Entry>) -> Result<Vec<Receipt>, AuditError> {
        todo!()
    }
    /// Adds an entry to a state change: both are durable or neither.
    pub fn append(&self, _tx: &mut Tx<'_>, _entry: &Entry) -> PendingReceipt {
        todo!()
    }
}
