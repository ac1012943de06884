//! What can be wrong with a keyring. Nothing here ever holds key material.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{KeyState, KeyUse};

/// Why a keyring cannot be made, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// Everything that is wrong with the folder and its files.
    #[error("the key folder {} cannot be used:{}", folder.display(), List(faults))]
    Faulty { folder: PathBuf, faults: Vec<KeyFault> },
    #[error("the key folder {} already holds keys", .0.display())]
    NotEmpty(PathBuf),
    #[error("the key folder {} holds keys that are not of a demonstration", .0.display())]
    NotDemo(PathBuf),
    /// Another process is changing the folder.
    #[error("the key folder {} is being changed by another process", .0.display())]
    Busy(PathBuf),
    #[error("cannot write {}", file.display())]
    Write { file: PathBuf, source: io::Error },
    #[error("{key_use}: version {version} is handed out already; activate it first")]
    StandbyExists { key_use: KeyUse, version: u32 },
    #[error("{0}: no version is handed out; rotate first")]
    NoStandby(KeyUse),
    #[error("{key_use}: version {version} was handed out too recently; replicas may not know it for another {} s", wait.as_secs() + 1)]
    TooFresh { key_use: KeyUse, version: u32, wait: Duration },
    #[error("{key_use}: there is no version {version}")]
    NoSuchVersion { key_use: KeyUse, version: u32 },
    #[error("{key_use}: version {version} is {state}; only a retired-for-writing version can be retired")]
    StillNeeded { key_use: KeyUse, version: u32, state: KeyState },
    #[error("{key_use}: {rows} rows still stand under version {version}")]
    RowsRemain { key_use: KeyUse, version: u32, rows: u64 },
    #[error("{key_use}: what version {version} signed may be in use for another {} s", wait.as_secs() + 1)]
    StillVerifying { key_use: KeyUse, version: u32, wait: Duration },
    #[error("{0}: what these keys signed is verified for good, so none is ever retired")]
    KeptForGood(KeyUse),
    #[error("a new key could not be generated")]
    Generation,
}

/// One file (or `.` for the folder itself) and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFault {
    pub file: String,
    pub reason: KeyFaultReason,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFaultReason {
    #[error("cannot be read ({0})")]
    Unreadable(io::ErrorKind),
    #[error("is not a folder")]
    NotAFolder,
    #[error("is not a regular file")]
    NotAFile,
    #[error("can be reached by other users (mode {mode:04o}); run chmod {wanted:04o}")]
    Exposed { mode: u32, wanted: u32 },
    #[error("belongs to another user (uid {0})")]
    Foreign(u32),
    #[error("is larger than a key file can be")]
    TooLarge,
    #[error("is not JSON (line {line}, column {column})")]
    Json { line: usize, column: usize },
    #[error("ends too early")]
    Truncated,
    #[error("has a missing, unknown, repeated or ill-formed member (line {line}, column {column})")]
    Member { line: usize, column: usize },
    #[error("holds the key {0} and must bear that name")]
    Misnamed(String),
    #[error("has material that is no key for this use")]
    Material,
    #[error("has material that does not fit its checksum")]
    Damaged,
    #[error("has other material than this process has been using")]
    Changed,
    #[error("is gone while this process writes with it")]
    Vanished,
    #[error("is missing: this use has no active key")]
    NoActive,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.file == "." { "the folder" } else { &self.file };
        write!(f, "{name} {}", self.reason)
    }
}

struct List<'a>(&'a [KeyFault]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}
