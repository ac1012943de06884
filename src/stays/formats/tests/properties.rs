use proptest::prelude::*;

use super::workbooks::with_part;
use super::*;
use crate::kernel::spreadsheet::{guarded, kept, looks_like_formula, unguarded};

const PARTS: [&str; 5] = [
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
];
const FRAGMENTS: [&str; 16] = [
    "<",
    ">",
    "\"",
    "&",
    "&#0;",
    "99999999999",
    "-1",
    "<f>1</f>",
    "<row>",
    " r=\"XFD1048577\"",
    " t=\"s\"",
    " t=\"d\"",
    "]]>",
    "<!--",
    "\u{0}",
    "1e308",
];

fn wild() -> impl Strategy<Value = String> {
    prop_oneof![
        "[=+@'-]{0,3}",
        "[=+@'-]{0,3}[a-zđ0-9 ,;\"/:.\n]{0,12}",
        "[a-z;, \"\n]{0,4}['; \"]{0,3}[=+@-]{0,2}[a-z]{0,2}",
        "[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}( [0-9]{1,2}:[0-9]{1,2})?",
        "\\PC{0,12}",
    ]
}

fn any_row() -> impl Strategy<Value = Row> {
    let changes = prop::collection::vec((prop::sample::select(portal()), wild()), 0..4);
    changes.prop_map(|changes| changes.into_iter().fold(Row::good(), |row, (field, text)| row.with(field, &text)))
}

/// Row, code and pointer of every fault.
fn told(read: &FileRead) -> Vec<(u32, String, &'static str)> {
    let faults = read.rows.iter().filter_map(|row| row.notice.as_ref().err()).flatten();
    faults.map(|fault| (fault.row, fault.pointer.clone(), fault.code)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn csv_and_workbook_say_the_same(rows in prop::collection::vec(any_row(), 1..5)) {
        let [csv, xlsx] = [Format::Csv, Format::Xlsx].map(|format| read(format, &file(format, &portal(), &rows)).unwrap());
        prop_assert_eq!(told(&csv), told(&xlsx));
        for (one, other) in csv.rows.iter().zip(&xlsx.rows) {
            prop_assert!(one.notice.as_ref().ok() == other.notice.as_ref().ok());
        }
    }

    #[test]
    fn the_order_of_columns_says_nothing(rows in prop::collection::vec(any_row(), 1..4), columns in Just(portal()).prop_shuffle()) {
        let straight = read(Format::Csv, &file(Format::Csv, &portal(), &rows)).unwrap();
        let mixed = read(Format::Csv, &file(Format::Csv, &columns, &rows)).unwrap();
        prop_assert_eq!(told(&straight), told(&mixed));
        for (one, other) in straight.rows.iter().zip(&mixed.rows) {
            prop_assert!(one.notice.as_ref().ok() == other.notice.as_ref().ok());
        }
    }

    #[test]
    fn no_written_cell_is_a_formula_and_each_is_read_as_it_was(text in wild()) {
        let guarded = guarded(&text);
        prop_assert!(!looks_like_formula(&guarded));
        for end in [';', ',', '\t', '\n'] {
            let parts: Vec<&str> = guarded.split(end).map(|part| part.trim_start_matches([' ', '"'])).collect();
            prop_assert!(!parts.iter().any(|part| looks_like_formula(part)), "{parts:?}");
        }
        prop_assert_eq!(unguarded(&guarded), text.as_str());
        prop_assert!(looks_like_formula(&text) || unguarded(&kept(&text)) == text);
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::Csv, Format::Xlsx] {
            let _ = read(format, &bytes);
        }
        let mut after_header = file(Format::Csv, &portal(), &[]);
        after_header.extend(bytes);
        let _ = read(Format::Csv, &after_header);
    }

    #[test]
    fn parts_of_workbooks_may_say_anything(
        part in prop::sample::select(&PARTS[..]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&FRAGMENTS[..])), 1..6),
        row in any_row(),
    ) {
        let bytes = with_part(&file(Format::Xlsx, &portal(), &[row]), part, |text| {
            let mut text = text.into_bytes();
            for (place, fragment) in &edits {
                let place = place.index(text.len());
                text.splice(place..(place + fragment.len() / 2).min(text.len()), fragment.bytes());
            }
            text
        });
        let _ = read(Format::Xlsx, &bytes);
    }
}
