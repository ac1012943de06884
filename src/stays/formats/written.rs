//! Tables written as CSV and as workbooks that spreadsheet programs open without asking.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use crate::kernel::spreadsheet::{CsvWriter, kept, looks_like_formula};

/// Of a column, in characters.
const WIDTH: f64 = 18.0;
/// What a cell of a workbook can hold, in UTF-16 units.
const CELL_HOLDS: usize = 32_767;

/// Writes rows as CSV; no cell is one that a spreadsheet program takes for a formula.
pub fn csv<'r>(rows: impl Iterator<Item = Vec<&'r str>>, separator: u8) -> Vec<u8> {
    let mut writer = CsvWriter::for_people(separator);
    for row in rows {
        // Writing to memory has no way to fail.
        let _ = writer.write_row(row);
    }
    writer.into_bytes().unwrap_or_default()
}

/// Writes rows as a workbook of one sheet; every cell is text.
///
/// # Errors
/// If there are more rows than a sheet holds.
pub fn workbook<'r>(name: &str, rows: impl Iterator<Item = Vec<&'r str>>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    let (bold, plain, quoted) = formats();
    let mut columns = 0;
    for (number, row) in (0_u32..).zip(rows) {
        columns = columns.max(row.len());
        for (column, cell) in (0_u16..).zip(row) {
            // Without what is trimmed when it is read: behind a blank no apostrophe would be seen to guard.
            let cell = cell.trim();
            let format = match number {
                0 => &bold,
                _ if looks_like_formula(cell) => &quoted,
                _ => &plain,
            };
            if !cell.is_empty() {
                write(sheet, (number, column), &kept(cell), format)?;
            }
        }
    }
    set_columns(sheet, columns, &plain)?;
    book.save_to_buffer()
}

/// Of headers, of text, and of text that would be a formula if somebody typed it.
pub fn formats() -> (Format, Format, Format) {
    let plain = Format::new().set_num_format("@");
    (plain.clone().set_bold(), plain.clone(), plain.set_quote_prefix())
}

pub fn write(sheet: &mut Worksheet, (row, column): (u32, u16), text: &str, format: &Format) -> Result<(), XlsxError> {
    let short: String;
    let text = if text.len() > CELL_HOLDS {
        short = text.chars().take(CELL_HOLDS / 2).collect();
        &short
    } else {
        text
    };
    sheet.write_string_with_format(row, column, text, format).map(drop)
}

/// Text in every column, so that no program takes zeros off numbers or turns days about.
pub fn set_columns(sheet: &mut Worksheet, columns: usize, plain: &Format) -> Result<(), XlsxError> {
    for column in 0..u16::try_from(columns).unwrap_or(u16::MAX) {
        sheet.set_column_width(column, WIDTH)?;
        sheet.set_column_format(column, plain)?;
    }
    sheet.set_freeze_panes(1, 0).map(drop)
}
