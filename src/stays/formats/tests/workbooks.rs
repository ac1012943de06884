use std::io::{Cursor, Write};

use rust_xlsxwriter::{ExcelDateTime, Format as Style, Workbook};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::*;
use crate::kernel::Language;
use crate::stays::formats::{
    FileFault, ReadNotice, Refused, Unread, purpose_of, read_records, template_csv, template_xlsx, write_refused,
};

#[track_caller]
pub fn refused(bytes: &[u8]) -> FileFault {
    match read(Format::Xlsx, bytes) {
        Err(Unread::File(fault)) => fault,
        Err(Unread::Header(_)) => panic!("its header was read"),
        Ok(_) => panic!("the file was read"),
    }
}

/// The workbook with one of its parts written anew.
pub fn with_part(workbook: &[u8], part: &str, change: impl Fn(String) -> Vec<u8>) -> Vec<u8> {
    let mut from = ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut to = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let entry = from.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let text = std::io::read_to_string(entry).unwrap();
        to.start_file(&name, SimpleFileOptions::default()).unwrap();
        to.write_all(&if name == part { change(text) } else { text.into_bytes() }).unwrap();
    }
    to.finish().unwrap().into_inner()
}

pub fn good() -> Vec<u8> {
    file(Format::Xlsx, &portal(), &[Row::good()])
}

#[test]
fn days_numbers_and_formulas_of_cells() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let columns = portal();
    let place = |field: Field| columns.iter().position(|own| *own == field).unwrap() as u16;
    for row in 1..=3 {
        for field in &columns {
            sheet.write_string(0, place(*field), field.header()).unwrap();
            sheet.write_string(row, place(*field), Row::good().cell(*field)).unwrap();
        }
    }
    let day = Style::new().set_num_format("dd/mm/yyyy hh:mm");
    let moment = ExcelDateTime::from_ymd(2026, 11, 26).unwrap().and_hms(14, 30, 0).unwrap();
    sheet.write_datetime_with_format(1, place(Field::Arrival), &moment, &day).unwrap();
    let birth = ExcelDateTime::from_ymd(1999, 3, 15).unwrap();
    sheet.write_datetime_with_format(1, place(Field::BirthDate), &birth, &day).unwrap();
    sheet.write_number(1, place(Field::PaperKind), 1).unwrap();
    sheet.write_number(1, place(Field::Phone), 912_345_678).unwrap();
    // What a spreadsheet makes of a number with a zero in front, and a day without its format.
    sheet.write_number(2, place(Field::PaperNumber), 97_099_000_001_f64).unwrap();
    sheet.write_number(2, place(Field::BirthDate), 36_234).unwrap();
    sheet.write_formula(3, place(Field::FullName), "=B2&\"x\"").unwrap();
    sheet.write_boolean(3, place(Field::Sex), true).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let read = read(Format::Xlsx, &bytes).unwrap();
    let told =
        [(3, "C", "date_serial"), (3, "H", "number_zeros_lost"), (4, "B", "cell_formula"), (4, "D", "sex_unknown")];
    assert_eq!(faults(&read), told.map(|(row, column, code)| (row, column.to_owned(), code)));
    let text = super::file(Format::Csv, &columns, &[Row::good().with(Field::Phone, "912345678")]);
    let same = super::read(Format::Csv, &text).unwrap();
    assert!(read.rows[0].notice == same.rows[0].notice);
}

#[test]
fn locked_old_damaged_and_other_files_are_told_apart() {
    let compound = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&[compound.clone(), vec![0; 900], name, vec![0; 900]].concat()), FileFault::Locked);
    assert_eq!(refused(&[compound, vec![0; 900]].concat()), FileFault::OldWorkbook);
    let good = good();
    assert_eq!(refused(&good[..good.len() / 2]), FileFault::NoWorkbook);
    for other in [b"".as_slice(), b"PK\x03\x04", b"%PDF-1.7", "Họ và tên,Ngày sinh".as_bytes()] {
        assert_eq!(refused(other), FileFault::NoWorkbook);
    }
    let broken = with_part(&good, "xl/worksheets/sheet1.xml", |text| text.as_bytes()[..text.len() / 2].to_vec());
    assert!(read(Format::Xlsx, &broken).is_err());
}

#[test]
fn workbooks_that_swell_are_refused_before_they_do() {
    let good = good();
    let sheet = "xl/worksheets/sheet1.xml";
    // Half a megabyte that unpacks to half a gigabyte.
    let bomb = with_part(&good, sheet, |text| {
        text.replace("<sheetData>", &format!("<sheetData>{}", "      ".repeat(12_000_000))).into_bytes()
    });
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    assert_eq!(refused(&bomb), FileFault::TooLarge);
    let shared = "xl/sharedStrings.xml";
    for claim in ["99999999999", "18446744073709551615", "00000000000000000000099999999999"] {
        for form in [format!("uniqueCount=\"{claim}\""), format!("uniqueCount {} = '{claim}'", " ".repeat(90_000))] {
            let claims = with_part(&good, shared, |text| {
                let start = text.find("uniqueCount=").unwrap();
                let end = start + text[start..].find("\">").unwrap() + 1;
                format!("{}{form}{}", &text[..start], &text[end..]).into_bytes()
            });
            assert_eq!(refused(&claims), FileFault::TooLarge, "{claim}");
        }
    }
    let utf_16 = with_part(&good, shared, |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    assert_eq!(refused(&utf_16), FileFault::NoWorkbook);
    // One long text in very many cells.
    let long = "x".repeat(3_900);
    let cells = |row: u32| {
        let cell = |column: char| format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{long}</t></is></c>");
        format!("<row r=\"{row}\">{}</row>", ('A'..='J').map(cell).collect::<String>())
    };
    let rows: String = (3..1_000).map(cells).collect();
    let wide =
        with_part(&good, sheet, |text| text.replace("</sheetData>", &format!("{rows}</sheetData>")).into_bytes());
    assert_eq!(refused(&wide), FileFault::TooLarge);
    let far = with_part(&good, sheet, |text| {
        text.replace("</sheetData>", "<row r=\"1048576\"><c r=\"B1048576\"><v>1</v></c></row></sheetData>").into_bytes()
    });
    let read = read(Format::Xlsx, &far).unwrap();
    assert_eq!((read.rows.len(), read.rows[1].row, read.blank.count), (2, 1_048_576, 1_048_573));
}

#[test]
fn guests_on_two_sheets_are_not_half_read() {
    let mut book = Workbook::new();
    for name in ["Khách", "Khách cũ"] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (column, field) in (0..).zip(portal()) {
            sheet.write_string(0, column, field.header()).unwrap();
            sheet.write_string(1, column, Row::good().cell(field)).unwrap();
        }
    }
    assert_eq!(refused(&book.save_to_buffer().unwrap()), FileFault::SeveralSheets);
}

#[test]
fn templates_are_read_and_hold_nobody() {
    assert!(matches!(read(Format::Csv, &template_csv()), Err(Unread::File(FileFault::NoRows))));
    assert_eq!(refused(&template_xlsx().unwrap()), FileFault::NoRows);
}

#[test]
fn refused_rows_come_back_and_are_taken_once_they_are_corrected() {
    let purpose = crate::kernel::Purpose {
        procedure: crate::kernel::ProcedureCode::parse("2.001159").unwrap(),
        legal_basis: crate::kernel::LegalBasis::parse("RESIDENCE_LAW_ART30").unwrap(),
        officer: None,
        consent: None,
    };
    let rows = [Row::good(), Row::good().with(Field::Departure, "1/1/2026").with(Field::Note, "=1+1"), Row::good()];
    for format in [Format::Csv, Format::Xlsx] {
        let read = read(format, &file(format, &portal(), &rows)).unwrap();
        let faulty = read.rows.iter().filter_map(|row| Some((&row.given, row.notice.as_ref().err()?)));
        let faulty: Vec<Refused<'_>> =
            faulty.map(|(given, faults)| Refused { given, faults: faults.iter().collect() }).collect();
        let again = write_refused((format, &read.layout), &faulty, &purpose, Language::Vi).unwrap();
        let again = super::read(format, &again).unwrap();
        assert_eq!(faults(&again), [(2, "O".to_owned(), "departure_before_arrival")]);
        let super::super::Given::Cells(cells) = &again.rows[0].given else { panic!() };
        assert_eq!((cells[1].as_str(), cells[18].as_str()), ("Nguyễn Văn An", "=1+1"));
        assert_eq!(cells[19], "Ngày đi dự kiến: Ngày đi dự kiến phải sau ngày đến.");
    }
}

#[test]
fn of_too_many_faults_of_a_record_the_first_are_told() {
    fn with(count: usize) -> crate::kernel::Faults {
        let mut faults = crate::kernel::Faults::default();
        let text = crate::kernel::Text::new("Không rõ.", "Unknown.");
        (0..count).for_each(|member| faults.push(format!("/{member}"), "unknown", text));
        faults
    }
    let told = |read: ReadNotice| faults(&read_records(Format::Ndjson, b"{}", read).unwrap());
    let fits = told(|_| Err(with(25)));
    assert_eq!((fits.len(), fits[24].2), (25, "unknown"));
    let many = told(|_| Err(with(100_000)));
    assert_eq!((many.len(), &many[23], &many[24]), (25, &fits[23], &(1, String::new(), "more_faults")));
}

#[test]
fn lines_and_documents_of_json_are_cut_into_notices() {
    fn none(_: &[u8]) -> Result<crate::stays::model::Notice, crate::kernel::Faults> {
        let mut faults = crate::kernel::Faults::default();
        faults.push("/guests/0/full_name", "missing", crate::kernel::Text::new("Thiếu.", "Missing."));
        Err(faults)
    }
    let read = read_records(Format::Ndjson, b"\xEF\xBB\xBF{\"a\":1}\r\n\n  \n[2]", none).unwrap();
    assert_eq!(read.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [1, 4]);
    assert_eq!((read.blank.count, read.blank.rows.as_slice()), (2, [2, 3].as_slice()));
    assert_eq!(faults(&read)[0], (1, "full_name".to_owned(), "missing"));
    let document = br#"{"stays": [{"a": 1}, {"b": 2}], "purpose": {"procedure": "x"}}"#;
    assert_eq!(read_records(Format::Json, document, none).unwrap().rows.len(), 2);
    assert_eq!(purpose_of(document), Ok(Some(r#"{"procedure": "x"}"#)));
    for (bytes, fault) in [
        (b"{\"stays\": [}".as_slice(), FileFault::NotJson),
        (b"[1]", FileFault::NoStays),
        (b"{\"stays\": 1}", FileFault::NoStays),
        (b"{\"stays\": [], \"more\": 1}", FileFault::NoStays),
        (b"{\"stays\": []}", FileFault::NoRows),
        (b"{\"stays\": \"\xe9\"}", FileFault::NotUnicode),
    ] {
        assert!(matches!(read_records(Format::Json, bytes, none), Err(Unread::File(told)) if told == fault), "{fault}");
    }
    let many = format!("{{\"stays\":[{}0]}}", "0,".repeat(10_000));
    assert!(matches!(read_records(Format::Json, many.as_bytes(), none), Err(Unread::File(FileFault::TooManyGuests))));
}
