//! Population files in: CSV and NDJSON, validated row by row, stored with versions, resumable.
//!
//! Names are the attributes' names (see [`columns`] for CSV; NDJSON has the same names with nested
//! objects and lists). A file's rows go through four stages: cut into chunks (one thread), read,
//! validated, resolved and sealed (several), refused rows written and synced, the rest written to
//! the database by one writer, in one transaction with how far the file has come. A restart goes on
//! behind the last such transaction; what was half done before is decided again, in the same way.

pub(super) mod chunk;
pub mod columns;
pub mod export;
mod faults;
mod importer;
mod input;
mod origin;
mod parse;
pub mod quality;
pub(super) mod raw;
pub(super) mod rejects;
mod seen;
#[cfg(test)]
mod tests;
pub(super) mod validate;

use std::path::Path;

pub use importer::{ImportCommand, ImportError, Imported, Importer, Progress};
pub use origin::Source;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Ndjson,
}

impl Format {
    /// By the file's extension: `csv`; `ndjson`, `jsonl` or `json`.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" | "json" => Some(Self::Ndjson),
            _ => None,
        }
    }
}
