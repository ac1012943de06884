//! Rows that were not taken, given back as they came, with what is wrong with each.

use rust_xlsxwriter::XlsxError;
use serde_json::{Map, Value, json};

use super::columns::{Field, Layout};
use super::fault::RowFault;
use super::records::FAULTS_MEMBER;
use super::rows::Given;
use super::{Format, written};
use crate::kernel::{Language, Purpose};

/// A row that was not taken.
pub struct Refused<'r> {
    pub given: &'r Given,
    pub faults: Vec<&'r RowFault>,
}

/// Writes rows as a file of `format`, ready to be corrected and sent again.
///
/// # Errors
/// If they make no workbook.
pub fn write_refused(
    (format, layout): (Format, &Layout),
    rows: &[Refused<'_>],
    purpose: &Purpose,
    language: Language,
) -> Result<Vec<u8>, XlsxError> {
    match format {
        Format::Json => {
            let stays: Vec<Value> = rows.iter().map(|row| record(row, language)).collect();
            Ok(json!({ "purpose": purpose, "stays": stays }).to_string().into_bytes())
        }
        Format::Ndjson => {
            let lines = rows.iter().map(|row| record(row, language).to_string() + "\n");
            Ok(lines.collect::<String>().into_bytes())
        }
        Format::Csv => {
            let table = table(layout, rows, language);
            Ok(written::csv(table.iter().map(|row| borrowed(row)), layout.separator.unwrap_or(b',')))
        }
        Format::Xlsx => written::workbook("Khách", table(layout, rows, language).iter().map(|row| borrowed(row))),
    }
}

fn borrowed(row: &[String]) -> Vec<&str> {
    row.iter().map(String::as_str).collect()
}

/// The columns as they stood, and one for the faults.
fn table(layout: &Layout, rows: &[Refused<'_>], language: Language) -> Vec<Vec<String>> {
    let width = layout.width();
    let place = layout.index_of(Field::Faults).unwrap_or(width);
    let with = |mut cells: Vec<String>, fault: String| {
        // Values outside the columns are given back, too: they are what is wrong.
        cells.resize(cells.len().max(width).max(place + 1), String::new());
        if place < width {
            cells[place] = fault;
        } else {
            cells.insert(place, fault);
        }
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        cells
    };
    let mut table = vec![with(layout.headers.clone(), Field::Faults.header().to_owned())];
    for row in rows {
        let cells = if let Given::Cells(cells) = row.given { cells.clone() } else { Vec::new() };
        table.push(with(cells, sentences(&row.faults, language)));
    }
    table
}

fn sentences(faults: &[&RowFault], language: Language) -> String {
    let sentences: Vec<String> = faults
        .iter()
        .map(|fault| {
            let text = fault.text.in_language(language);
            match fault.column.as_ref().and_then(|column| column.header) {
                Some(header) => format!("{}: {text}", header.trim_end_matches(" (*)")),
                None => match &fault.column {
                    Some(column) => format!("{}: {text}", column.letter),
                    None => text.to_owned(),
                },
            }
        })
        .collect();
    sentences.join(" | ")
}

/// The notice with a member that says what is wrong. What is no object is given back as text.
fn record(row: &Refused<'_>, language: Language) -> Value {
    let Given::Text(text) = row.given else { return Value::Null };
    let mut notice: Map<String, Value> = serde_json::from_str(text)
        .unwrap_or_else(|_| Map::from_iter([("text".to_owned(), Value::String(text.clone()))]));
    let faults = row.faults.iter().map(
        |fault| json!({ "pointer": fault.pointer, "code": fault.code, "detail": fault.text.in_language(language) }),
    );
    notice.insert(FAULTS_MEMBER.to_owned(), faults.collect());
    Value::Object(notice)
}
