//! The workbook (XLSX), read cell by cell.

use std::panic::catch_unwind;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, Xlsx, XlsxError};

use super::MOST_GUESTS;
use super::columns::Layout;
use super::container;
use super::fault::FileFault;
use super::metered::{Meter, Metered};
use super::table::{Cell, HEADER_WITHIN, LONGEST_CELL, MOST_COLUMNS, Table, TableRow};

/// Most text of all cells together, in bytes: one text can stand in any number of them.
const MOST_TEXT: usize = 32 * 1024 * 1024;
/// Most cells of all sheets together, those in which nothing stands included.
const MOST_CELLS: usize = 1_000_000;
/// More sheets than a workbook with a list of guests has.
const MOST_SHEETS: usize = 32;
/// Most bytes that are read, unpacked: each sheet is opened, and then read.
pub(super) const MOST_READ: u64 = 2 * container::MOST_UNPACKED;

type Book<'b> = Xlsx<Metered<'b>>;

/// Reads the rows of the one sheet that has a header of guests.
///
/// # Errors
/// If it is no workbook, is locked or too large, or several sheets have such a header.
pub fn read(bytes: &[u8]) -> Result<Table, FileFault> {
    // The libraries reckon with what files claim of themselves, and a file may claim anything.
    catch_unwind(|| {
        let meter = Meter::new(container::check(bytes)?, MOST_READ);
        read_sheets(bytes, &meter)
    })
    .unwrap_or(Err(FileFault::NoWorkbook))
}

pub(super) fn read_sheets(bytes: &[u8], meter: &Meter) -> Result<Table, FileFault> {
    let told = |fault: FileFault| meter.or(fault);
    let mut book: Book<'_> = Xlsx::new(meter.of(bytes)).map_err(|error| told(fault_of(error)))?;
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
    if names.len() > MOST_SHEETS {
        return Err(FileFault::TooLarge);
    }
    meter.forget_begun();
    // Whichever way two sheets come to be one part, it is begun twice.
    for name in &names {
        book.worksheet_cells_reader(name).map_err(|error| told(fault_of(error)))?;
        if meter.is_one_begun_twice() {
            return Err(FileFault::PartTwice);
        }
    }
    let (mut budget, mut found) = (Budget { cells: MOST_CELLS, text: MOST_TEXT }, None);
    for name in &names {
        let Some(rows) = rows(&mut book, name, &mut budget).map_err(told)? else { continue };
        if found.replace(rows).is_some() {
            return Err(FileFault::SeveralSheets);
        }
    }
    let rows = found.ok_or(FileFault::NoHeader)?;
    if rows.len() > MOST_GUESTS + HEADER_WITHIN {
        return Err(FileFault::TooManyGuests);
    }
    Ok(Table { rows, separator: None })
}

fn fault_of(error: XlsxError) -> FileFault {
    if matches!(error, XlsxError::Password) { FileFault::Locked } else { FileFault::NoWorkbook }
}

/// What the sheets that are still to be read may have.
struct Budget {
    cells: usize,
    text: usize,
}

/// The rows of a sheet that are not blank, to one more than there may be. `None`: the first of them hold no
/// header of guests, and the others are not looked at.
fn rows(book: &mut Book<'_>, name: &str, budget: &mut Budget) -> Result<Option<Vec<TableRow>>, FileFault> {
    let mut cells = book.worksheet_cells_reader(name).map_err(fault_of)?;
    let mut rows: Vec<TableRow> = Vec::new();
    while let Some(record) = cells.next_cell_with_formula_metadata().map_err(fault_of)? {
        budget.cells = budget.cells.checked_sub(1).ok_or(FileFault::TooManyCells)?;
        let (row, column) = (record.pos.0.saturating_add(1), record.pos.1 as usize);
        let cell = match (&record.formula, shown(&record.value)) {
            (Some(_), _) => Cell::Formula(formula_text(&record)),
            (None, cell) => cell,
        };
        if cell.is_blank() || column >= MOST_COLUMNS {
            continue;
        }
        budget.text = budget.text.checked_sub(cell.shown().len()).ok_or(FileFault::TooLarge)?;
        if rows.last().is_none_or(|last| last.number != row) {
            // Rows come in order; a file that has them otherwise was written by no spreadsheet program.
            if rows.last().is_some_and(|last| last.number > row) {
                return Err(FileFault::NoWorkbook);
            }
            if rows.len() == HEADER_WITHIN && !has_header(&rows) {
                return Ok(None);
            }
            if rows.len() > MOST_GUESTS + HEADER_WITHIN {
                return Ok(Some(rows));
            }
            rows.push(TableRow { number: row, cells: Vec::new() });
        }
        if let Some(last) = rows.last_mut() {
            if last.cells.len() <= column {
                last.cells.resize(column + 1, Cell::Text(String::new()));
            }
            last.cells[column] = cell;
        }
    }
    Ok(has_header(&rows).then_some(rows))
}

fn has_header(rows: &[TableRow]) -> bool {
    rows.iter().take(HEADER_WITHIN).any(|row| {
        let cells: Vec<String> = row.cells.iter().map(|cell| cell.shown().to_owned()).collect();
        Layout::names_in(&cells) >= Layout::ENOUGH_NAMES
    })
}

fn formula_text(record: &calamine::XlsxCellFormulaMetadataRecord<'_>) -> String {
    use calamine::XlsxFormulaMetadata::{Normal, Shared};
    match &record.formula {
        Some(Normal { formula } | Shared { formula, .. }) if formula.len() < LONGEST_CELL => format!("={formula}"),
        _ => "=…".to_owned(),
    }
}

/// A value as who filled in the sheet sees it.
fn shown(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Text(String::new()),
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::text(text),
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Float(number) => Cell::Text(number.to_string()),
        DataRef::Bool(value) => Cell::Text(if *value { "TRUE" } else { "FALSE" }.to_owned()),
        DataRef::DateTime(moment) => Cell::Text(day_and_time(moment)),
        DataRef::Error(error) => Cell::Error(error.to_string()),
    }
}

/// `15/03/2026 14:30`, or the day alone where the time is midnight: so a day without a time is kept.
fn day_and_time(moment: &ExcelDateTime) -> String {
    // A time without a day.
    if moment.is_duration() || moment.as_f64() < 1.0 {
        return moment.as_f64().to_string();
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    // Times are binary fractions of a day: 14:30 may be kept as 14:29:59.999.
    let minutes = (u16::from(hour) * 60 + u16::from(minute) + u16::from(second >= 30)).min(24 * 60 - 1);
    if minutes == 0 {
        return format!("{day:02}/{month:02}/{year:04}");
    }
    format!("{day:02}/{month:02}/{year:04} {:02}:{:02}", minutes / 60, minutes % 60)
}
