//! What can go wrong with the audit.

use crate::storage::StorageError;

#[derive(Debug, Clone, thiserror::Error)]
pub enum AuditError {
    #[error("the audit log cannot be written")]
    Unavailable(#[source] StorageError),
    /// The folder for what is kept outside the database cannot be used.
    #[error("the audit's state folder cannot be used: {0}")]
    State(String),
    #[error("another process writes with the audit's state folder {0}")]
    Busy(String),
    /// No checkpoint could be published for a while.
    #[error("the audit log's head has not been signed for {0} s")]
    Unsigned(u64),
}

impl From<StorageError> for AuditError {
    fn from(error: StorageError) -> Self {
        Self::Unavailable(error)
    }
}

/// Why there is no such proof.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProofError {
    #[error("there is no such log")]
    UnknownLog,
    /// The tree that the published checkpoint describes is smaller; a later one may do.
    #[error("the published tree has {size} entries")]
    Beyond { size: u64 },
    #[error("a tree cannot be consistent with a smaller or an empty one")]
    Order,
    #[error(transparent)]
    Unavailable(#[from] StorageError),
}
