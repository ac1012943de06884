//! CSV, as spreadsheet programs write it: with comma, semicolon or tab.

use csv::{ByteRecord, ReaderBuilder};
use csv_core::ReadFieldResult;

use super::MOST_GUESTS;
use super::columns::Layout;
use super::fault::FileFault;
use super::table::{Cell, HEADER_WITHIN, LONGEST_CELL, MOST_COLUMNS, Table, TableRow};

const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// Cells of one row: as many as spreadsheet programs have columns.
const MOST_CELLS_OF_ROW: usize = 16_384;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads the rows of a CSV file.
///
/// # Errors
/// If it is no text at all, has too many rows, or a row of too many cells.
pub fn read(bytes: &[u8]) -> Result<Table, FileFault> {
    // UTF-16 and pictures: a text of bytes has no zeros.
    if bytes.contains(&0) {
        return Err(FileFault::NotUnicode);
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let separator = separator_of(bytes);
    if has_wide_row(bytes, separator, usize::MAX) {
        return Err(FileFault::RowTooWide);
    }
    let mut reader = reader(bytes, separator);
    let mut table = Table { rows: Vec::new(), separator: Some(separator) };
    let (mut record, mut number) = (ByteRecord::new(), 0);
    // Of bytes in memory every record can be read.
    while reader.read_byte_record(&mut record).is_ok_and(|read| read) {
        number += 1 + empty_lines_before(&record, bytes);
        let cells: Vec<Cell> = record.iter().take(MOST_COLUMNS).map(cell).collect();
        let row = TableRow { number, cells };
        if !row.is_blank() {
            table.rows.push(row);
        }
        if table.rows.len() > MOST_GUESTS + HEADER_WITHIN {
            return Err(FileFault::TooManyGuests);
        }
    }
    Ok(table)
}

fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(bytes)
}

/// Whether one of the first `rows` rows has too many cells. The reader would hold all of them, whatever is
/// taken of them afterwards.
fn has_wide_row(bytes: &[u8], separator: u8, rows: usize) -> bool {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(separator).build();
    let (mut rest, mut unread, mut cells, mut rows_left) = (bytes, [0; 1024], 1, rows);
    while rows_left > 0 && cells <= MOST_CELLS_OF_ROW {
        let (result, taken, _) = reader.read_field(rest, &mut unread);
        rest = &rest[taken..];
        match result {
            // A call without input says that there is no more.
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
            ReadFieldResult::Field { record_end: false } => cells += 1,
            ReadFieldResult::Field { record_end: true } => (cells, rows_left) = (1, rows_left - 1),
            ReadFieldResult::End => break,
        }
    }
    cells > MOST_CELLS_OF_ROW
}

/// The separator that finds most names of columns in the first rows.
fn separator_of(bytes: &[u8]) -> u8 {
    let names = |separator: &u8| {
        if has_wide_row(bytes, *separator, HEADER_WITHIN) {
            return 0;
        }
        let rows = reader(bytes, *separator).into_byte_records().take(HEADER_WITHIN).flatten();
        let names = rows.map(|row| {
            let cells: Vec<String> = row.iter().take(MOST_COLUMNS).map(|own| cell(own).shown().to_owned()).collect();
            Layout::names_in(&cells)
        });
        names.max().unwrap_or(0)
    };
    // The first of several is the comma.
    SEPARATORS.into_iter().rev().max_by_key(|separator| names(separator)).unwrap_or(b',')
}

/// How many empty lines the reader passed over before `record` of `bytes`. Programs that append to each
/// other's files leave both ends of lines in one, so the bytes are looked at, and not how many lines the
/// reader counted: it counts line feeds, of which it leaves that of CR LF to the record that follows.
fn empty_lines_before(record: &ByteRecord, bytes: &[u8]) -> u32 {
    let begin = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(bytes.len());
    let (before, mut rest) = bytes.split_at(begin.min(bytes.len()));
    if before.ends_with(b"\r") {
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    let mut lines = 0;
    let ends: [&[u8]; 3] = [b"\r\n", b"\n", b"\r"];
    while let Some(after) = ends.into_iter().find_map(|end| rest.strip_prefix(end)) {
        (lines, rest) = (lines + 1, after);
    }
    lines
}

fn cell(bytes: &[u8]) -> Cell {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cell::text(text),
        Err(_) if bytes.len() > LONGEST_CELL => Cell::TooLong,
        Err(_) => Cell::NotUnicode(String::from_utf8_lossy(bytes).into_owned()),
    }
}
