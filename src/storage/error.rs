//! What can go wrong between a service and its database.

/// Absence is never an error here: look for `Option`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The database cannot be reached, is full, or is shutting down: try again later.
    #[error("the database is unavailable")]
    Unavailable(String),
    /// Another transaction got there first (unique or foreign key, serialisation, stale version).
    #[error("the change conflicts with another")]
    Conflict(String),
    /// A row that cannot be: named by table, column and key, never by its content.
    #[error("the database holds an impossible row: {table}.{column}")]
    Inconsistent { table: &'static str, column: &'static str, row: String },
    #[error("the database refused a statement")]
    Other(String),
}

impl From<diesel::result::Error> for StorageError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Other(error.to_string())
    }
}
