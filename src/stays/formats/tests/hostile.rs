//! Files that are made to cost much: each is refused for what it is, and what was read of it is bounded.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::workbooks::{good, refused, with_part};
use super::*;
use crate::stays::formats::container;
use crate::stays::formats::metered::{Meter, Part};
use crate::stays::formats::workbook::{MOST_READ, read_sheets};
use crate::stays::formats::{FileFault, LONGEST_NOTICE, read_records};

const BOOK: &str = "xl/workbook.xml";
const LINKS: &str = "xl/_rels/workbook.xml.rels";
const SHEET: &str = "xl/worksheets/sheet1.xml";

/// What comes of a workbook, and how many unpacked bytes were read for it after its parts were measured.
fn read_counted(bytes: &[u8]) -> (Option<FileFault>, u64) {
    let meter = Meter::new(container::check(bytes).unwrap(), MOST_READ);
    (read_sheets(bytes, &meter).err(), MOST_READ - meter.left())
}

/// A sheet of many megabytes in which nothing stands.
fn hollow(rows: usize) -> impl Fn(String) -> Vec<u8> {
    move |text| {
        let start = text.find("<sheetData").unwrap();
        format!("{}<sheetData>{}</sheetData></worksheet>", &text[..start], "<!-- nothing -->".repeat(rows)).into_bytes()
    }
}

/// The workbook's list of sheets with `more` of them.
fn more_sheets(text: &str, more: impl Fn(usize) -> String, count: usize) -> Vec<u8> {
    let sheets: String = (2..2 + count).map(more).collect();
    text.replace("</sheets>", &format!("{sheets}</sheets>")).into_bytes()
}

#[test]
fn sheets_that_are_one_part_are_refused_before_they_are_read() {
    let size = 16 * 1_000_000;
    let large = with_part(&good(), SHEET, hollow(1_000_000));
    let one_link = with_part(&large, BOOK, |text| {
        more_sheets(&text, |n| format!("<sheet name=\"S{n}\" sheetId=\"{n}\" r:id=\"rId1\"/>"), 31)
    });
    let (fault, bytes) = read_counted(&one_link);
    assert_eq!(fault, Some(FileFault::PartTwice));
    // No sheet is read through: only its beginning, once for each of two sheets.
    assert!(bytes < 3 * size, "{bytes}");
    // The same part under other names.
    for target in ["/xl/worksheets/sheet1.xml", "worksheets/SHEET1.xml"] {
        let links = with_part(&large, LINKS, |text| {
            let link = |n| {
                format!(
                    "<Relationship Id=\"x{n}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/\
                     worksheet\" Target=\"{target}\"/>"
                )
            };
            let more: String = (2..33).map(link).collect();
            text.replace("</Relationships>", &format!("{more}</Relationships>")).into_bytes()
        });
        let named = with_part(&links, BOOK, |text| {
            more_sheets(&text, |n| format!("<sheet name=\"S{n}\" sheetId=\"{n}\" r:id=\"x{n}\"/>"), 31)
        });
        let (fault, bytes) = read_counted(&named);
        assert_eq!(fault, Some(FileFault::PartTwice), "{target}");
        assert!(bytes < 3 * size, "{bytes}");
    }
    // Two sheets of one name are the first of them, twice.
    let same_name = with_part(&good(), BOOK, |text| {
        let name = text.split("<sheet name=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        more_sheets(&text, |n| format!("<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"rId1\"/>"), 1)
    });
    assert_eq!(refused(&same_name), FileFault::PartTwice);
    let many = with_part(&good(), BOOK, |text| {
        more_sheets(&text, |n| format!("<sheet name=\"S{n}\" sheetId=\"{n}\" r:id=\"rId1\"/>"), 40)
    });
    assert_eq!(refused(&many), FileFault::TooLarge);
}

#[test]
fn what_is_read_of_all_parts_is_one_sum() {
    use std::io::{Read, Seek, SeekFrom};
    let parts = vec![Part { start: 40, unpacked: 10 }, Part { start: 4, unpacked: 100 }];
    let meter = Meter::new(parts, 250);
    let bytes = [0; 64];
    let mut reader = meter.of(&bytes);
    let mut begin = |at: u64| {
        reader.seek(SeekFrom::Start(at)).unwrap();
        reader.read(&mut [0; 4])
    };
    assert!(begin(4).is_ok() && begin(40).is_ok());
    // Reading on, or elsewhere, begins no part.
    assert!(begin(8).is_ok() && !meter.is_one_begun_twice());
    assert!(begin(4).is_ok() && meter.is_one_begun_twice());
    meter.forget_begun();
    assert!(begin(40).is_ok() && !meter.is_one_begun_twice());
    assert_eq!(meter.left(), 30);
    assert_eq!(meter.or(FileFault::NoWorkbook), FileFault::NoWorkbook);
    assert!(begin(4).is_err());
    assert_eq!(meter.or(FileFault::NoWorkbook), FileFault::TooLarge);
}

#[test]
fn parts_that_share_bytes_or_names_are_refused() {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("xl/a.xml", SimpleFileOptions::default()).unwrap();
    archive.write_all(&[b' '; 1000]).unwrap();
    archive.shallow_copy_file("xl/a.xml", "xl/b.xml").unwrap();
    assert_eq!(refused(&archive.finish().unwrap().into_inner()), FileFault::PartsOverlap);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["xl/a.xml", "xl/b.xml"] {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(name.as_bytes()).unwrap();
    }
    let mut bytes = archive.finish().unwrap().into_inner();
    for at in 0..bytes.len() - 8 {
        if &bytes[at..at + 8] == b"xl/b.xml" {
            bytes[at + 3] = b'a';
        }
    }
    // One of them would be read, and nobody knows which.
    assert!(matches!(refused(&bytes), FileFault::PartsOverlap | FileFault::NoWorkbook));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..300 {
        archive.start_file(format!("xl/{number}.xml"), SimpleFileOptions::default()).unwrap();
    }
    assert_eq!(refused(&archive.finish().unwrap().into_inner()), FileFault::TooLarge);
}

#[test]
fn cells_texts_and_formats_are_counted_over_the_whole_file() {
    let with_cells = |count: usize| {
        with_part(&good(), SHEET, |text| {
            let row = format!("<row r=\"3\">{}</row></sheetData>", "<c/>".repeat(count));
            text.replace("</sheetData>", &row).into_bytes()
        })
    };
    assert_eq!(refused(&with_cells(1_000_001)), FileFault::TooManyCells);
    assert!(read(Format::Xlsx, &with_cells(100_000)).is_ok());
    let texts = with_part(&good(), "xl/sharedStrings.xml", |text| {
        text.replace("</sst>", &format!("{}</sst>", "<si/>".repeat(5_000_000))).into_bytes()
    });
    assert_eq!(refused(&texts), FileFault::TooManyCells);
    let styles = with_part(&good(), "xl/styles.xml", |text| {
        text.replace("</cellXfs>", &format!("{}</cellXfs>", "<xf/>".repeat(250_000))).into_bytes()
    });
    assert_eq!(refused(&styles), FileFault::TooManyCells);
    let links = with_part(&good(), LINKS, |text| {
        text.replace("</Relationships>", &format!("{}</Relationships>", "<Relationship/>".repeat(20_000))).into_bytes()
    });
    assert_eq!(refused(&links), FileFault::TooManyCells);
}

#[test]
fn a_row_wider_than_any_spreadsheet_is_refused_before_it_is_held() {
    let fault = |text: &str| match read(Format::Csv, text.as_bytes()) {
        Err(Unread::File(fault)) => Some(fault),
        _ => None,
    };
    let text = String::from_utf8(file(Format::Csv, &portal(), &[Row::good()])).unwrap();
    let columns = text.lines().next().unwrap().split(',').count();
    let padded = |cells: usize| text.replace("\r\n", &format!("{}\r\n", ",".repeat(cells - columns)));
    assert_eq!(fault(&padded(16_384)), None, "a sheet saved with all its columns");
    for wide in [padded(16_385), format!("{text}{}", "x,".repeat(16_384)), "x,".repeat(100_000)] {
        assert_eq!(fault(&wide), Some(FileFault::RowTooWide));
    }
    assert_eq!(fault(&";".repeat(100_000)), Some(FileFault::NoHeader), "one cell of commas' making");
}

#[test]
fn the_length_of_a_notice_is_bounded_in_a_file_too() {
    let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST_NOTICE - 8));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST_NOTICE - 7));
    let lines = format!("{fits}\n{long}\n");
    let read = read_records(Format::Ndjson, lines.as_bytes(), |_| Err(crate::kernel::Faults::default())).unwrap();
    assert_eq!(faults(&read), [(2, String::new(), "notice_too_long")]);
    let super::super::Given::Text(given) = &read.rows[1].given else { panic!() };
    assert!(given.starts_with("{\"a\":\"xxx") && given.len() < 300, "{}", given.len());
    let document = format!("{{\"stays\":[{long},{fits}]}}");
    let read = read_records(Format::Json, document.as_bytes(), |_| Err(crate::kernel::Faults::default())).unwrap();
    assert_eq!(faults(&read), [(1, String::new(), "notice_too_long")]);
}
