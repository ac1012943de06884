//! A table as a file holds it, before its cells mean anything.

use std::borrow::Cow;

use crate::kernel::Text;

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

const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// Where a program may take a cell to end and the next to begin, whichever of them parts the cells of the
/// file: Excel splits at what the country it is set to writes between numbers, in Viet Nam a semicolon,
/// and then a quotation mark within a text keeps no line together.
const ENDS: [char; 5] = [';', ',', '\t', '\n', '\r'];
/// What may stand before a formula and hides nothing.
const PASSED_OVER: [char; 3] = ['\'', '"', ' '];

/// Whether a spreadsheet program would take a text for a formula.
pub fn looks_like_formula(text: &str) -> bool {
    text.starts_with(SIGNS) || text.starts_with(['\t', '\r'])
}

/// Whether what begins here would be a formula but for apostrophes before it.
fn hides_formula((at, rest): (usize, &str)) -> bool {
    let first = at == 0 && rest.trim_start_matches('\'').starts_with(['\t', '\r']);
    first || rest.trim_start_matches(PASSED_OVER).starts_with(SIGNS)
}

/// The places in a text at which a cell may begin, each with what follows.
fn beginnings(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let after = text.match_indices(ENDS).map(|(at, end)| at + end.len());
    std::iter::once(0).chain(after).map(|at| (at, &text[at..]))
}

/// A text in which no spreadsheet program finds a formula, wherever it splits it: an apostrophe stands
/// before each that would be one.
pub fn guarded(text: &str) -> Cow<'_, str> {
    with_apostrophes(text, beginnings(text).filter(|begin| hides_formula(*begin)))
}

/// A text that is read again as it was: what looks guarded by itself gets an apostrophe more.
pub fn kept(text: &str) -> Cow<'_, str> {
    with_apostrophes(text, beginnings(text).filter(|begin| is_guarded(*begin)))
}

/// The text that [`guarded`] or [`kept`] was given.
pub fn unguarded(text: &str) -> Cow<'_, str> {
    let (mut pieces, mut from) = (String::new(), 0);
    for (at, _) in beginnings(text).filter(|begin| is_guarded(*begin)) {
        pieces.push_str(&text[from..at]);
        from = at + '\''.len_utf8();
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    pieces.push_str(&text[from..]);
    Cow::Owned(pieces)
}

fn is_guarded(begin: (usize, &str)) -> bool {
    begin.1.starts_with('\'') && hides_formula(begin)
}

fn with_apostrophes<'t>(text: &'t str, places: impl Iterator<Item = (usize, &'t str)>) -> Cow<'t, str> {
    let (mut written, mut from) = (String::new(), 0);
    let mut any = false;
    for (at, _) in places {
        written.push_str(&text[from..at]);
        written.push('\'');
        (from, any) = (at, true);
    }
    if !any {
        return Cow::Borrowed(text);
    }
    written.push_str(&text[from..]);
    Cow::Owned(written)
}
