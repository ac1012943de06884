//! A table as a file holds it, before its cells mean anything.

use crate::kernel::Text;
use crate::kernel::spreadsheet::unguarded;

/// Columns further right are not looked at.
pub const MOST_COLUMNS: usize = 64;
/// The longest text of a cell, in bytes. The address with the longest note has a fifth of it.
pub const LONGEST_CELL: usize = 4_000;
/// In how many of the first rows the header is looked for.
pub const HEADER_WITHIN: usize = 20;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Trimmed; empty where nothing stands.
    Text(String),
    /// A formula; its text is kept to be shown again, never reckoned.
    Formula(String),
    /// `#REF!` and its like.
    Error(String),
    /// Bytes that are no Unicode, as far as they can be shown.
    NotUnicode(String),
    TooLong,
}

const FORMULA: (&str, Text) = (
    "cell_formula",
    Text::new(
        "Ô chứa công thức, không phải giá trị. Hãy sao chép rồi Dán đặc biệt › Giá trị.",
        "The cell holds a formula, not a value. Copy it and use Paste Special › Values.",
    ),
);
const ERROR: (&str, Text) = (
    "cell_error",
    Text::new(
        "Ô chứa lỗi tính toán của Excel. Hãy gõ giá trị vào.",
        "The cell holds an error of Excel's. Type the value.",
    ),
);
const NOT_UNICODE: (&str, Text) = (
    "cell_not_unicode",
    Text::new(
        "Chữ trong ô không được lưu bằng Unicode. Trong Excel: Lưu thành › CSV UTF-8.",
        "The text of the cell is not Unicode. In Excel: Save As › CSV UTF-8.",
    ),
);
const TOO_LONG: (&str, Text) =
    ("text_too_long", Text::new("Chữ trong ô quá dài.", "The text of the cell is too long."));

impl Cell {
    pub fn text(text: &str) -> Self {
        let text = text.trim();
        if text.len() > LONGEST_CELL { Self::TooLong } else { Self::Text(unguarded(text).trim().to_owned()) }
    }

    pub fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// As it is written into the file of refused rows.
    pub fn shown(&self) -> &str {
        match self {
            Self::Text(text) | Self::Formula(text) | Self::Error(text) | Self::NotUnicode(text) => text,
            Self::TooLong => "…",
        }
    }

    /// The text, or what is wrong with it.
    pub fn read(&self) -> Result<&str, (&'static str, Text)> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Formula(_) => Err(FORMULA),
            Self::Error(_) => Err(ERROR),
            Self::NotUnicode(_) => Err(NOT_UNICODE),
            Self::TooLong => Err(TOO_LONG),
        }
    }
}

/// One row.
#[derive(Debug, Clone)]
pub struct TableRow {
    /// As spreadsheets count, from 1.
    pub number: u32,
    pub cells: Vec<Cell>,
}

impl TableRow {
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }
}

/// The rows of a file that are not blank, and how its cells are parted.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub rows: Vec<TableRow>,
    /// In CSV.
    pub separator: Option<u8>,
}
