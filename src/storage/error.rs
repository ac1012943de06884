//! What can go wrong between a service and its database.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error as DieselError};

/// Absence is never an error here: look for `Option`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The database cannot be reached, is full, or is shutting down: try again later.
    #[error("{}", unavailable(.0))]
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

/// Why a store was not opened; the operator reads it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OpenError {
    #[error("the database URL is not usable: {0}")]
    Url(&'static str),
    #[error(
        "refusing to send data in plain text to PostgreSQL on {0}: \
         add sslmode=verify-full and sslrootcert=FILE (or at least sslmode=require) to the URL"
    )]
    PlainText(String),
    #[error("there is no database at {0}: run `dancu migrate`")]
    Missing(String),
    #[error("the database lacks {}: run `dancu migrate`", .0.join(", "))]
    Older(Vec<String>),
    #[error("the database was made by a newer dancu ({}): use that one", .0.join(", "))]
    Newer(Vec<String>),
    #[error("the database would lose what it acknowledged: {0}")]
    Unsafe(&'static str),
    #[error("another process serves {0}: one serving process per SQLite store, several need PostgreSQL")]
    AlreadyServed(String),
    #[error("a migration failed: {0}")]
    Migration(String),
    #[error("the database cannot be opened: {0}")]
    Unavailable(String),
}

impl From<OpenError> for StorageError {
    fn from(error: OpenError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// What a failed statement means for the transaction around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A constraint, a mistake in a statement: the statement's own business.
    Statement,
    /// A deadlock or serialisation failure: run again.
    Retry,
    /// Full, read-only, busy: the same again would not help now.
    Unavailable,
    /// The connection is gone.
    Lost,
}

/// Messages that have no error kind of their own in diesel. PostgreSQL's are as in English; under
/// another `lc_messages` these few faults are told as `Other`.
const UNAVAILABLE: [&str; 16] = [
    "database or disk is full",
    "database is locked",
    "disk I/O error",
    "readonly database",
    "unable to open database file",
    "database disk image is malformed",
    "No space left on device",
    "Disk quota exceeded",
    "could not extend file",
    "statement timeout",
    "lock timeout",
    "terminating connection",
    "server closed the connection",
    "the database system is",
    "too many clients",
    "remaining connection slots",
];

pub(super) fn is_busy(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(_, info) if info.message().contains("database is locked"))
}

pub(super) fn fault_of(error: &DieselError) -> Fault {
    match error {
        DieselError::DatabaseError(kind, info) => match kind {
            Kind::SerializationFailure => Fault::Retry,
            Kind::ClosedConnection => Fault::Lost,
            Kind::ReadOnlyTransaction => Fault::Unavailable,
            Kind::Unknown if info.message().contains("deadlock detected") => Fault::Retry,
            Kind::Unknown if UNAVAILABLE.iter().any(|known| info.message().contains(known)) => Fault::Unavailable,
            _ => Fault::Statement,
        },
        DieselError::RollbackErrorOnCommit { .. } | DieselError::BrokenTransactionManager => Fault::Lost,
        _ => Fault::Statement,
    }
}

/// Names of constraints and tables only: details and hints may quote values.
fn describe(kind: &Kind, info: &(dyn DatabaseErrorInformation + Send + Sync)) -> String {
    match info.constraint_name() {
        Some(name) => format!("{kind:?} {name}"),
        None => format!("{kind:?}: {}", info.message()),
    }
}

impl StorageError {
    pub(super) fn told_by(error: &DieselError) -> Self {
        let DieselError::DatabaseError(kind, info) = error else {
            return match fault_of(error) {
                Fault::Lost => Self::Unavailable("the connection was lost".to_owned()),
                _ => Self::Other(error.to_string()),
            };
        };
        let told = describe(kind, info.as_ref());
        match (fault_of(error), kind) {
            (Fault::Unavailable | Fault::Lost, _) => Self::Unavailable(told),
            (Fault::Retry, _)
            | (
                _,
                Kind::UniqueViolation | Kind::ForeignKeyViolation | Kind::RestrictViolation | Kind::ExclusionViolation,
            ) => Self::Conflict(told),
            _ => Self::Other(told),
        }
    }
}

fn unavailable(cause: &str) -> &'static str {
    match is_full(cause) {
        true => "the database's disk is full: make room and try again; nothing that was acknowledged is lost",
        false => "the database is unavailable",
    }
}

fn is_full(cause: &str) -> bool {
    FULL.iter().any(|known| cause.contains(known))
}

/// How a database says that its disk has no room left.
const FULL: [&str; 4] =
    ["database or disk is full", "No space left on device", "could not extend file", "Disk quota exceeded"];

impl StorageError {
    /// Whether the database's disk has no room left: once it has, the same can be tried again.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Unavailable(cause) if is_full(cause))
    }
}

impl From<DieselError> for StorageError {
    fn from(error: DieselError) -> Self {
        Self::told_by(&error)
    }
}
