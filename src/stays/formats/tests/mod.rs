//! What people send, and what they are told.

mod hostile;
mod properties;
mod tables;
mod values;
mod workbooks;

use super::columns::Field;
use super::rows::{FileRead, read_table};
use super::{Format, Unread, written};
use crate::kernel::FacilityId;

/// What a sheet says of one guest, by column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(Vec<(Field, String)>);

impl Row {
    pub fn good() -> Self {
        let cells = [
            (Field::FullName, "Nguyễn Văn An"),
            (Field::BirthDate, "15/03/1999"),
            (Field::Sex, "M"),
            (Field::Nationality, "VNM"),
            (Field::PaperKind, "1"),
            (Field::PaperNumber, "097099000001"),
            (Field::Phone, "+84912345678"),
            (Field::Province, "Hà Nội"),
            (Field::Address, "1 phố Huế"),
            (Field::Arrival, "26/11/2026 14:30"),
            (Field::Departure, "28/11/2026"),
            (Field::Room, "101"),
            (Field::Reason, "1"),
        ];
        Self(cells.map(|(field, text)| (field, text.to_owned())).to_vec())
    }

    pub fn with(mut self, field: Field, text: &str) -> Self {
        self.0.retain(|(own, _)| *own != field);
        self.0.push((field, text.to_owned()));
        self
    }

    fn cell(&self, field: Field) -> &str {
        self.0.iter().find(|(own, _)| *own == field).map_or("", |(_, text)| text)
    }
}

pub fn facility() -> FacilityId {
    "abcdefghijklmnopabcdefghijklmnop".parse().unwrap()
}

/// The portal's nineteen columns.
pub fn portal() -> Vec<Field> {
    Field::ALL.iter().copied().filter(|field| !matches!(field, Field::Facility | Field::Faults)).collect()
}

/// A file of rows under a header of these columns.
pub fn file(format: Format, columns: &[Field], rows: &[Row]) -> Vec<u8> {
    let header = columns.iter().map(|field| field.header()).collect();
    let cells = rows.iter().map(|row| columns.iter().map(|field| row.cell(*field)).collect());
    let table = std::iter::once(header).chain(cells);
    match format {
        Format::Xlsx => written::workbook("Khách", table).unwrap(),
        _ => written::csv(table, b','),
    }
}

pub fn read(format: Format, bytes: &[u8]) -> Result<FileRead, Unread> {
    read_table(format, bytes, Some(facility()))
}

/// Row, letter of the column, code, of every fault of a file.
pub fn faults(read: &FileRead) -> Vec<(u32, String, &'static str)> {
    let faults = read.rows.iter().filter_map(|row| row.notice.as_ref().err()).flatten();
    faults
        .map(|fault| (fault.row, fault.column.as_ref().map(|c| c.letter.clone()).unwrap_or_default(), fault.code))
        .collect()
}

/// The faults of one row under the portal's columns, as CSV and as a workbook.
#[track_caller]
pub fn faults_of(row: Row) -> Vec<(String, &'static str)> {
    let told = [Format::Csv, Format::Xlsx].map(|format| {
        let read = read(format, &file(format, &portal(), std::slice::from_ref(&row))).unwrap();
        let faults = faults(&read);
        assert!(faults.iter().all(|(row, ..)| *row == 2));
        faults.into_iter().map(|(_, column, code)| (column, code)).collect::<Vec<_>>()
    });
    assert_eq!(told[0], told[1], "CSV and workbook");
    told.into_iter().next().unwrap()
}
