//! Files of notices: JSON, NDJSON, CSV and the workbook of the existing portal, read into rows with
//! every fault named, and written back. Bytes in, bytes out: nothing here asks a database or a clock.

mod columns;
mod container;
mod export;
mod fault;
mod metered;
mod records;
mod refused;
mod rows;
mod separated;
mod table;
mod template;
mod values;
mod workbook;
mod written;
#[cfg(test)]
mod tests;

pub use columns::{Field, Layout};
pub use export::{ExportRow, export_csv, export_xlsx};
pub use fault::{ColumnName, FileFault, RowFault, Unread};
pub use records::{ReadNotice, purpose_of, read_records};
pub use refused::{Refused, write_refused};
pub use rows::{BlankRows, FileRead, FileRow, Given, read_table};
pub use template::{template_csv, template_xlsx};

/// Most guests of one file.
pub const MOST_GUESTS: usize = 10_000;
/// The longest notice of a file of JSON, in bytes: as one that is sent alone, and as much again for the faults
/// that an answer wrote into it.
pub const LONGEST_NOTICE: usize = 128 * 1024;
/// The longest file, in bytes.
pub const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Json,
    Ndjson,
    Csv,
    Xlsx,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Json, Self::Ndjson, Self::Csv, Self::Xlsx];

    /// As answers name it in `Content-Type`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// What names of files end with.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format a `Content-Type` names. A charset is not looked at: what is no Unicode is told cell
    /// by cell.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match essence.as_str() {
            "application/json" => Self::Json,
            "application/x-ndjson" | "application/ndjson" => Self::Ndjson,
            "text/csv" => Self::Csv,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Self::Xlsx,
            _ => return None,
        })
    }
}
