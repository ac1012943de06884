use super::*;
use crate::kernel::Instant;
use crate::stays::formats::columns::{Layout, letters};
use crate::stays::formats::{FileFault, MOST_GUESTS, Unread};
use crate::stays::model::{DocumentKind, GuestGiven, Reason};

fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).unwrap()
}

#[track_caller]
fn unread(read: Result<FileRead, Unread>) -> Unread {
    read.err().expect("the file was read")
}

#[test]
fn a_row_is_a_guest_and_a_notice() {
    for format in [Format::Csv, Format::Xlsx] {
        let row = Row::good().with(Field::OtherReason, "Dự cưới").with(Field::Note, "Đến muộn");
        let read = read(format, &file(format, &portal(), &[row])).unwrap();
        let notice = read.rows[0].notice.as_ref().unwrap();
        assert_eq!(notice.facility_id, facility());
        assert_eq!(notice.arrival, at("2026-11-26T14:30:00+07:00"));
        assert_eq!(notice.planned_departure, Some(at("2026-11-28T23:59:00+07:00")));
        assert_eq!((notice.room.as_deref(), notice.reason), (Some("101"), Reason::Tourism));
        assert_eq!(notice.note.as_deref(), Some("Dự cưới; Đến muộn"));
        let [GuestGiven::Typed(guest)] = notice.guests.as_slice() else { panic!() };
        assert_eq!(guest.full_name.expose(), "Nguyễn Văn An");
        assert_eq!(guest.date_of_birth.to_string(), "1999-03-15");
        assert_eq!(guest.address.as_deref(), Some("1 phố Huế, Hà Nội"));
        assert_eq!(guest.phone.as_deref(), Some("+84912345678"));
        let document = guest.document.as_ref().unwrap();
        assert_eq!((document.kind, document.number.as_str()), (DocumentKind::Cccd, "097099000001"));
    }
}

#[test]
fn every_fault_of_a_row_is_told_at_its_column() {
    let row = Row::good()
        .with(Field::FullName, "")
        .with(Field::BirthDate, "03/15/1999")
        .with(Field::Sex, "x")
        .with(Field::Nationality, "Korea")
        .with(Field::PaperNumber, "97099000001")
        .with(Field::Arrival, "26/11/2026 25:00")
        .with(Field::Reason, "7");
    let expected = [
        ("B", "cell_missing"),
        ("C", "date_month_first"),
        ("D", "sex_unknown"),
        ("E", "nationality_format"),
        ("H", "number_zeros_lost"),
        ("N", "time_format"),
        ("Q", "reason_unknown"),
    ];
    assert_eq!(faults_of(row), expected.map(|(column, code)| (column.to_owned(), code)));
    let one = |row: Row| faults_of(row).into_iter().next().unwrap();
    let told = |column: &str, code| (column.to_owned(), code);
    let early = Row::good().with(Field::Departure, "25/11/2026");
    assert_eq!(one(early), told("O", "departure_before_arrival"));
    let unborn = Row::good().with(Field::BirthDate, "15/03/2027");
    assert_eq!(one(unborn), told("C", "born_after_arrival"));
    let broken = Row::good().with(Field::Note, "a\nb");
    assert_eq!(one(broken), told("S", "text_control"));
    let long = Row::good().with(Field::Address, &"x".repeat(5_000));
    assert_eq!(one(long), told("M", "text_too_long"));
    let passport = Row::good().with(Field::PaperKind, "4").with(Field::PaperNumber, "Đ123");
    assert_eq!(one(passport), told("H", "document_number_format"));
    assert_eq!(one(Row::good().with(Field::PaperNumber, "")), told("H", "cell_missing"));
    assert!(faults_of(Row::good().with(Field::PaperKind, "9").with(Field::PaperNumber, "")).is_empty());
}

#[test]
fn columns_are_known_by_name_in_any_order_and_a_wrong_header_says_where() {
    let mut columns = portal();
    columns.reverse();
    for format in [Format::Csv, Format::Xlsx] {
        assert!(faults(&read(format, &file(format, &columns, &[Row::good()])).unwrap()).is_empty());
    }
    let text = String::from_utf8(file(Format::Csv, &portal(), &[Row::good()])).unwrap();
    for (from, to, letter, code) in [
        ("Ngày đến (*)", "Ngay den cua khach", "N", "column_unknown"),
        ("Ghi chú", "họ TÊN", "S", "column_twice"),
        ("Giới tính (*)", "", "", "column_missing"),
    ] {
        let Unread::Header(faults) = unread(read(Format::Csv, text.replace(from, to).as_bytes())) else {
            panic!("{to}")
        };
        let fault = faults.iter().find(|fault| fault.code == code).unwrap_or_else(|| panic!("{code}"));
        assert_eq!((fault.row, fault.column.as_ref().unwrap().letter.as_str()), (1, letter));
    }
    let headless = text.lines().nth(1).unwrap();
    assert_eq!(unread(read(Format::Csv, headless.as_bytes())), Unread::File(FileFault::NoHeader));
    // Where the facility is not given with the file, the file must have it.
    let Unread::Header(faults) = unread(read_table(Format::Csv, text.as_bytes(), None)) else { panic!() };
    assert_eq!(faults[0].column.as_ref().unwrap().header, Some("Mã cơ sở"));
}

#[test]
fn of_many_faults_of_a_header_the_first_are_told() {
    let text = String::from_utf8(file(Format::Csv, &portal(), &[Row::good()])).unwrap();
    let unknown = (0..44).map(|_| ",lạ").collect::<String>();
    let Unread::Header(faults) = unread(read(Format::Csv, text.replacen("\r\n", &(unknown + "\r\n"), 1).as_bytes()))
    else {
        panic!()
    };
    assert_eq!(faults.len(), 25);
    assert!(faults[..24].iter().all(|fault| fault.code == "column_unknown"));
    assert_eq!((faults[24].code, &faults[24].column), ("more_faults", &None));
}

#[test]
fn names_of_columns_are_forgiving_and_no_two_fields_share_one() {
    for (header, field) in [
        ("HỌ VÀ TÊN(*)", Field::FullName),
        ("Ngày, tháng, năm sinh (*)\n(dd/MM/yyyy)", Field::BirthDate),
        ("Giới tính (M/F)", Field::Sex),
        ("  so giay to ", Field::PaperNumber),
        ("Lưu trú từ ngày (*)", Field::Arrival),
        ("planned_departure", Field::Departure),
    ] {
        assert_eq!(Field::of_header(header), Some(field), "{header}");
    }
    for field in Field::ALL {
        for name in std::iter::once(field.header()).chain(field.aliases().iter().copied()) {
            assert_eq!(Field::of_header(name), Some(*field), "{name}");
        }
    }
    assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    assert_eq!(Layout::names_in(&["khách".to_owned(), "Phòng".to_owned()]), 1);
}

#[test]
fn rows_count_as_spreadsheets_count_and_blank_ones_are_told() {
    let good = file(Format::Csv, &portal(), &[Row::good().with(Field::Note, "hai\ndòng"), Row::good()]);
    let text = String::from_utf8(good).unwrap();
    let mut lines: Vec<&str> = text.split("\r\n").collect();
    lines.insert(0, "DANH SÁCH KHÁCH");
    lines.insert(2, "");
    lines.insert(3, ",,,,,,");
    lines.insert(4, "7,,,,");
    let read = read(Format::Csv, lines.join("\r\n").as_bytes()).unwrap();
    assert_eq!(faults(&read), [(6, "S".to_owned(), "text_control")]);
    assert_eq!(read.rows[1].row, 7);
    assert_eq!((read.blank.count, read.blank.rows.as_slice()), (3, [3, 4, 5].as_slice()));
    let empty = file(Format::Csv, &portal(), &[]);
    assert_eq!(unread(super::read(Format::Csv, &empty)), Unread::File(FileFault::NoRows));
}

#[test]
fn rows_count_the_same_however_lines_end() {
    let good = file(Format::Csv, &portal(), &[Row::good(), Row::good().with(Field::Sex, "?"), Row::good()]);
    let text = String::from_utf8(good).unwrap();
    let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    let ends = ["\r\n", "\n", "\r"];
    for mix in 0..81_usize {
        let end = |line: usize| ends[mix / 3_usize.pow(line as u32) % 3];
        // The second line is empty. After a lone CR it must not begin with LF: that would be one end.
        if end(0) == "\r" && end(1) == "\n" {
            continue;
        }
        let mixed = [lines[0], end(0), end(1), lines[1], end(2), lines[2], end(3), lines[3], end(0)].concat();
        let read = read(Format::Csv, mixed.as_bytes()).unwrap();
        assert_eq!(faults(&read), [(4, "D".to_owned(), "sex_unknown")], "{mix}");
        assert_eq!(read.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [3, 4, 5], "{mix}");
        assert_eq!((read.blank.count, read.blank.rows.as_slice()), (1, [2].as_slice()), "{mix}");
    }
}

/// Excel set to Viet Nam splits a CSV file at semicolons, and within what others take for one cell.
#[test]
fn no_part_of_a_written_cell_is_a_formula() {
    for (text, expected) in [
        ("a;=1+1", "a;'=1+1"),
        ("a\n=1+1", "a\n'=1+1"),
        ("a; =1+1", "a;' =1+1"),
        ("a;\"=1+1", "a;'\"\"=1+1"),
        ("a;'=1+1", "a;''=1+1"),
        ("-1;+2", "'-1;'+2"),
        ("1 phố Huế; ngõ 2", "1 phố Huế; ngõ 2"),
    ] {
        let bytes = written::csv(std::iter::once(vec!["x", text]), b',');
        let line = String::from_utf8(bytes).unwrap();
        let cell = line.trim_start_matches("\u{feff}x,").trim_end().trim_matches('"');
        assert_eq!(cell, expected);
    }
    let row = Row::good().with(Field::Address, "1 phố Huế;=1+1");
    for format in [Format::Csv, Format::Xlsx] {
        let read = read(format, &file(format, &portal(), std::slice::from_ref(&row))).unwrap();
        let [GuestGiven::Typed(guest)] = read.rows[0].notice.as_ref().unwrap().guests.as_slice() else { panic!() };
        assert_eq!(guest.address.as_deref(), Some("1 phố Huế;=1+1, Hà Nội"), "read as it was");
    }
}

#[test]
fn text_in_other_encodings_is_named() {
    let columns =
        ["full name", "birth date", "sex", "nationality", "paper type", "number", "arrival", "departure", "reason"];
    let header = columns.join(",");
    let row = b"Jos\xe9 Ruiz,15/03/1999,M,ESP,4,AA1,26/11/2026,27/11/2026,1";
    let latin = [header.as_bytes(), b"\r\n", row].concat();
    assert_eq!(faults(&read(Format::Csv, &latin).unwrap()), [(2, "A".to_owned(), "cell_not_unicode")]);
    let windows_1258 = [b"H\xf2 v\xe0 t\xean,Ng\xe0y sinh,Gi\xfei t\xednh\r\n".as_slice(), row].concat();
    assert_eq!(unread(read(Format::Csv, &windows_1258)), Unread::File(FileFault::NotUnicode));
    let utf_16: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(unread(read(Format::Csv, &utf_16)), Unread::File(FileFault::NotUnicode));
}

#[test]
fn commas_semicolons_and_tabs_are_told_apart() {
    let table = || {
        let row = Row::good().with(Field::Address, "1, phố Huế; ngõ 2\t3");
        let cells: Vec<String> = portal().iter().map(|field| row.cell(*field).replace('\t', " ")).collect();
        [portal().iter().map(|field| field.header().to_owned()).collect::<Vec<_>>(), cells]
    };
    for separator in [b',', b';', b'\t'] {
        let rows = table();
        let bytes = written::csv(rows.iter().map(|row| row.iter().map(String::as_str).collect()), separator);
        let read = read(Format::Csv, &bytes).unwrap();
        assert!(faults(&read).is_empty());
        assert_eq!(read.layout.separator, Some(separator));
    }
    // A comma nobody quoted.
    let text = String::from_utf8(file(Format::Csv, &portal(), &[Row::good()])).unwrap();
    let split = text.replace("1 phố Huế", "1, phố Huế").replace("\r\n", ",x\r\n").replacen(",x\r\n", "\r\n", 1);
    let told = faults(&read(Format::Csv, split.as_bytes()).unwrap());
    assert!(told.contains(&(2, "U".to_owned(), "cell_outside")), "{told:?}");
}

#[test]
fn a_row_tells_its_first_value_outside_the_columns_and_no_other() {
    let text = String::from_utf8(file(Format::Csv, &portal(), &[Row::good()])).unwrap();
    let (header, row) = text.split_once("\r\n").unwrap();
    let wide = format!("{header}\r\n{},,{}\r\n", row.trim_end(), "x,".repeat(5_000));
    assert_eq!(faults(&read(Format::Csv, wide.as_bytes()).unwrap()), [(2, "U".to_owned(), "cell_outside")]);
}

#[test]
fn a_file_holds_so_many_guests_and_no_more() {
    let rows = vec![Row::good(); MOST_GUESTS + 1];
    let bytes = file(Format::Csv, &portal(), &rows);
    assert_eq!(unread(read(Format::Csv, &bytes)), Unread::File(FileFault::TooManyGuests));
    let bytes = file(Format::Csv, &portal(), &rows[1..]);
    assert_eq!(read(Format::Csv, &bytes).unwrap().rows.len(), MOST_GUESTS);
}
