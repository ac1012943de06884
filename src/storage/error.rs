//! What can go wrong between a service and its database.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error as DieselError};

use crate::crypto::KeyUse;

/// Absence is never an error here: look for `Option`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The database cannot be reached, is busy, or is shutting down: try again later.
    #[error("the database is unavailable")]
    Unavailable(#[source] Cause),
    /// Once there is room again, the same can be tried again.
    #[error("the database's disk is full: make room and try again; nothing that was acknowledged is lost")]
    DiskFull(#[source] Cause),
    /// Another transaction got there first (unique or foreign key, serialisation, stale version).
    #[error("the change conflicts with another")]
    Conflict(#[source] Cause),
    /// A row that cannot be: named by table, column and key, never by its content.
    #[error("the database holds an impossible row: {table}.{column}{}", in_row(.row))]
    Inconsistent { table: &'static str, column: &'static str, row: String },
    /// A row stands under a version of a key that this process does not hold.
    #[error("version {version} of the {} keys is not in the keyring: reload keys", .keys.name())]
    KeyMissing { keys: KeyUse, version: u32 },
    /// What this program promises itself does not hold.
    #[error("an invariant of the program is broken: {0}")]
    BrokenInvariant(&'static str),
    #[error("the database refused a statement")]
    StatementRefused(#[source] Cause),
}

/// What a database or a system said, for operators. Of a statement it names tables, columns and constraints and never
/// a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(Arc<str>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Cause {}

impl From<&'static str> for Cause {
    fn from(text: &'static str) -> Self {
        Self(text.into())
    }
}

impl Cause {
    /// Of an error whose text holds no value of a statement: of the system, of the connection pool.
    pub(super) fn of(error: &dyn Error) -> Self {
        Self(error.to_string().into())
    }
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
        Self::Unavailable(Cause::of(&error))
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
/// another `lc_messages` these few faults are told as [`StorageError::StatementRefused`].
const UNAVAILABLE: [&str; 12] = [
    "database is locked",
    "disk I/O error",
    "readonly database",
    "unable to open database file",
    "database disk image is malformed",
    "statement timeout",
    "lock timeout",
    "terminating connection",
    "server closed the connection",
    "the database system is",
    "too many clients",
    "remaining connection slots",
];

/// How a database says that its disk has no room left.
const FULL: [&str; 4] =
    ["database or disk is full", "No space left on device", "could not extend file", "Disk quota exceeded"];

pub(super) fn is_busy(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(_, info) if info.message().contains("database is locked"))
}

fn says_one_of(message: &str, known: &[&str]) -> bool {
    known.iter().any(|known| message.contains(known))
}

pub(super) fn fault_of(error: &DieselError) -> Fault {
    match error {
        DieselError::DatabaseError(kind, info) => match kind {
            Kind::SerializationFailure => Fault::Retry,
            Kind::ClosedConnection => Fault::Lost,
            Kind::ReadOnlyTransaction => Fault::Unavailable,
            Kind::Unknown if info.message().contains("deadlock detected") => Fault::Retry,
            Kind::Unknown if says_one_of(info.message(), &UNAVAILABLE) || says_one_of(info.message(), &FULL) => {
                Fault::Unavailable
            }
            _ => Fault::Statement,
        },
        DieselError::RollbackErrorOnCommit { .. } | DieselError::BrokenTransactionManager => Fault::Lost,
        _ => Fault::Statement,
    }
}

/// What a database said of a statement. Details and hints are left out: they quote the row.
fn told_by(kind: &Kind, info: &(dyn DatabaseErrorInformation + Send + Sync)) -> Cause {
    let told = match info.constraint_name() {
        Some(name) => format!("{kind:?} {name}"),
        None => format!("{kind:?}: {}", without_values(info.message())),
    };
    Cause(told.into())
}

/// What PostgreSQL quotes after these words is a name; anything else in quotation marks may be a value.
const NAMED: [&str; 9] = ["relation", "column", "table", "constraint", "index", "database", "role", "user", "encoding"];

/// A message without the values that it quotes.
fn without_values(message: &str) -> String {
    let mut parts = message.split('"');
    let mut told = parts.next().unwrap_or_default().to_owned();
    while let Some(quoted) = parts.next() {
        let is_name = told.split_whitespace().next_back().is_some_and(|word| NAMED.contains(&word));
        told.push_str(if is_name { quoted } else { "…" });
        told.push_str(parts.next().unwrap_or_default());
    }
    told
}

fn in_row(row: &str) -> String {
    if row.is_empty() { String::new() } else { format!(" ({row})") }
}

impl StorageError {
    /// The database cannot be asked at present, and why.
    pub fn unavailable(why: &'static str) -> Self {
        Self::Unavailable(why.into())
    }

    /// Another change came first; which.
    pub fn conflict(which: &'static str) -> Self {
        Self::Conflict(which.into())
    }

    /// A column holds what nothing here writes into it.
    pub const fn inconsistent(table: &'static str, column: &'static str) -> Self {
        Self::Inconsistent { table, column, row: String::new() }
    }

    /// The same of a row that its key names.
    pub fn inconsistent_row(table: &'static str, column: &'static str, row: impl fmt::Display) -> Self {
        Self::Inconsistent { table, column, row: row.to_string() }
    }

    /// The row's version of the sealing keys is not here.
    pub const fn seal_key_missing(version: u32) -> Self {
        Self::KeyMissing { keys: KeyUse::Seal, version }
    }

    /// The row's version of the index keys is not here.
    pub const fn index_key_missing(version: u32) -> Self {
        Self::KeyMissing { keys: KeyUse::Index, version }
    }

    /// Blocking work that did not come to its end.
    pub(super) fn ended_early(error: &tokio::task::JoinError) -> Self {
        match error.is_panic() {
            true => Self::BrokenInvariant("work on the database panicked"),
            false => Self::unavailable("the process is ending"),
        }
    }

    /// Whether the same may succeed later, with nothing else changed.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::DiskFull(_) | Self::Conflict(_) | Self::KeyMissing { .. } => true,
            Self::Inconsistent { .. } | Self::BrokenInvariant(_) | Self::StatementRefused(_) => false,
        }
    }

    pub(super) fn told_by(error: &DieselError) -> Self {
        let DieselError::DatabaseError(kind, info) = error else {
            return match fault_of(error) {
                Fault::Lost => Self::unavailable("the connection was lost"),
                _ => Self::StatementRefused(Cause::of(error)),
            };
        };
        let cause = told_by(kind, info.as_ref());
        match (fault_of(error), kind) {
            (Fault::Unavailable, _) if says_one_of(info.message(), &FULL) => Self::DiskFull(cause),
            (Fault::Unavailable | Fault::Lost, _) => Self::Unavailable(cause),
            (Fault::Retry, _)
            | (
                _,
                Kind::UniqueViolation | Kind::ForeignKeyViolation | Kind::RestrictViolation | Kind::ExclusionViolation,
            ) => Self::Conflict(cause),
            _ => Self::StatementRefused(cause),
        }
    }
}

impl From<DieselError> for StorageError {
    fn from(error: DieselError) -> Self {
        Self::told_by(&error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_and_values_are_not() {
        for (message, told) in [
            (r#"relation "citizens" does not exist"#, "relation citizens does not exist"),
            (r#"invalid input syntax for type bigint: "001099000001""#, "invalid input syntax for type bigint: …"),
            (r#"column "a" of relation "b" is "c""#, "column a of relation b is …"),
            ("no such table: citizens", "no such table: citizens"),
            (r#"an open "quotation"#, "an open …"),
        ] {
            assert_eq!(without_values(message), told);
        }
    }

    #[test]
    fn an_error_says_what_it_is_and_its_source_says_why() {
        let error = StorageError::unavailable("the pool is empty");
        assert_eq!(error.to_string(), "the database is unavailable");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("the pool is empty"));
        let missing = StorageError::KeyMissing { keys: KeyUse::Seal, version: 7 };
        assert_eq!(missing.to_string(), "version 7 of the seal keys is not in the keyring: reload keys");
        assert!(missing.is_passing() && !StorageError::BrokenInvariant("").is_passing());
    }
}
