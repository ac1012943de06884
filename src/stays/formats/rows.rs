//! From the rows of a table to notices. A row is a guest, and a guest is a notice: each has a receipt
//! of their own, and no guest's fault holds up those who share the room.

use super::columns::{Field, Layout};
use super::fault::{FileFault, RowFault, Unread, told_of_row};
use super::table::{Cell, HEADER_WITHIN, Table, TableRow};
use super::values::{self, Moment, Wrong};
use super::{Format, MOST_GUESTS, separated, workbook};
use crate::kernel::{FacilityId, Fault, IdNumber, PersonName, Text};
use crate::stays::model::{Document, DocumentKind, GuestGiven, Notice, TypedGuest};

/// Blank rows are told by number, up to so many.
const BLANK_TOLD: usize = 100;
/// Longest texts, in characters, as a single notice has them.
const LONGEST_ROOM: usize = 50;
const LONGEST_NOTE: usize = 500;
const LONGEST_ADDRESS: usize = 300;
const LONGEST_PHONE: usize = 30;

const MISSING: Wrong = ("cell_missing", Text::new("Ô này không được để trống.", "This cell must not be empty."));
const OUTSIDE: Wrong = (
    "cell_outside",
    Text::new(
        "Ô này nằm ngoài các cột có tiêu đề; có thể một ô bên trái bị tách làm hai.",
        "The cell has no header above it; a cell further left may have been split in two.",
    ),
);
const TOO_LONG: Wrong = ("text_too_long", Text::new("Chữ trong ô quá dài.", "The text of the cell is too long."));
const CONTROL: Wrong = (
    "text_control",
    Text::new("Ô chứa ký tự điều khiển hoặc xuống dòng.", "The cell holds a control character or a line break."),
);
const ZEROS_LOST: Wrong = (
    "number_zeros_lost",
    Text::new(
        "Số thiếu chữ số: số 0 ở đầu đã mất vì ô có định dạng số. Hãy định dạng ô là Văn bản rồi gõ lại đủ số.",
        "Digits are missing: leading zeros are lost because the cell is formatted as a number. Format it as text and type all digits.",
    ),
);
const CMND: Wrong = ("cmnd_format", Text::new("Số CMND có đúng 9 chữ số.", "A CMND number has exactly 9 digits."));
const NUMBER_FORM: Wrong = (
    "document_number_format",
    Text::new(
        "Số giấy tờ gồm 1–20 chữ cái không dấu, chữ số và dấu gạch nối.",
        "A document's number is 1 to 20 letters without marks, digits and hyphens.",
    ),
);
const LEFT_BEFORE: Wrong = (
    "departure_before_arrival",
    Text::new("Ngày đi dự kiến phải sau ngày đến.", "The planned departure lies before the arrival."),
);
const BORN_LATER: Wrong =
    ("born_after_arrival", Text::new("Ngày sinh sau ngày đến.", "The birth date lies after the arrival."));
const FACILITY_FORM: Wrong = (
    "facility_format",
    Text::new(
        "Mã cơ sở gồm 32 chữ cái a–p, xem danh sách cơ sở.",
        "A facility's code is 32 letters a-p; see the list of facilities.",
    ),
);

/// A row's content as it came, to be given back.
#[derive(Clone, PartialEq, Eq)]
pub enum Given {
    Cells(Vec<String>),
    /// One JSON object.
    Text(String),
}

/// One row that is not blank.
pub struct FileRow {
    /// As spreadsheets and editors count, from 1; of a JSON document, the place in `stays`.
    pub row: u32,
    pub given: Given,
    pub notice: Result<Notice, Vec<RowFault>>,
}

/// Rows that were passed over because nothing stands in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct BlankRows {
    pub count: u32,
    /// Their numbers, the first hundred.
    pub rows: Vec<u32>,
}

/// What a file holds.
pub struct FileRead {
    pub rows: Vec<FileRow>,
    pub blank: BlankRows,
    pub layout: Layout,
}

/// Reads a CSV file or a workbook. `facility` is where the guests stay whose row does not say it.
///
/// # Errors
/// If the file or its header cannot be read; then no row is.
pub fn read_table(format: Format, bytes: &[u8], facility: Option<FacilityId>) -> Result<FileRead, Unread> {
    let table = if format == Format::Xlsx { workbook::read(bytes)? } else { separated::read(bytes)? };
    let header = header_of(&table)?;
    let mut rows = table.rows.into_iter().skip(header);
    let head = rows.next().ok_or(FileFault::NoHeader)?;
    if holds_other_text(&head) {
        return Err(FileFault::NotUnicode.into());
    }
    let names = head.cells.iter().map(|cell| cell.shown().to_owned()).collect();
    let mut layout = Layout::read(names, head.number, facility.is_some()).map_err(Unread::Header)?;
    layout.separator = table.separator;
    let number = layout.index_of(Field::Number);
    let faults = layout.index_of(Field::Faults);
    let says_nothing = |row: &TableRow| {
        let mut cells = row.cells.iter().enumerate();
        cells.all(|(index, cell)| cell.is_blank() || Some(index) == number || Some(index) == faults)
    };
    let rows: Vec<TableRow> = rows.filter(|row| !says_nothing(row)).collect();
    match rows.len() {
        0 => return Err(FileFault::NoRows.into()),
        MOST_GUESTS.. if rows.len() > MOST_GUESTS => return Err(FileFault::TooManyGuests.into()),
        _ => {}
    }
    let blank = BlankRows::between(head.number, &rows);
    let rows = rows.into_iter().map(|row| read_row(&layout, row, facility)).collect();
    Ok(FileRead { rows, blank, layout })
}

/// Which of the first rows has the names of the columns.
fn header_of(table: &Table) -> Result<usize, FileFault> {
    let names = table.rows.iter().take(HEADER_WITHIN).map(|row| {
        let cells: Vec<String> = row.cells.iter().map(|cell| cell.shown().to_owned()).collect();
        Layout::names_in(&cells)
    });
    let best = names.enumerate().max_by_key(|(index, names)| (*names, usize::MAX - index));
    match best {
        Some((index, names)) if names >= Layout::ENOUGH_NAMES => Ok(index),
        // Names of columns in another encoding are not recognised.
        _ if table.rows.iter().take(HEADER_WITHIN).any(holds_other_text) => Err(FileFault::NotUnicode),
        _ => Err(FileFault::NoHeader),
    }
}

fn holds_other_text(row: &TableRow) -> bool {
    row.cells.iter().any(|cell| matches!(cell, Cell::NotUnicode(_)))
}

impl BlankRows {
    pub(super) fn note(&mut self, row: u32) {
        self.count += 1;
        if self.rows.len() < BLANK_TOLD {
            self.rows.push(row);
        }
    }

    /// The numbers that are missing between rows.
    fn between(header: u32, rows: &[TableRow]) -> Self {
        let mut blank = Self::default();
        let mut before = header;
        for row in rows {
            (before + 1..row.number).for_each(|number| blank.note(number));
            before = row.number;
        }
        blank
    }
}

fn read_row(layout: &Layout, row: TableRow, facility: Option<FacilityId>) -> FileRow {
    let mut reader = RowReader { layout, row: &row, faults: Vec::new() };
    reader.look_outside();
    let notice = reader.notice(facility);
    let faults = reader.faults;
    let notice = match notice {
        Some(notice) if faults.is_empty() => Ok(notice),
        _ => Err(told_of_row(row.number, faults.into_iter())),
    };
    let given = Given::Cells(row.cells.iter().map(|cell| cell.shown().to_owned()).collect());
    FileRow { row: row.number, given, notice }
}

struct RowReader<'r> {
    layout: &'r Layout,
    row: &'r TableRow,
    faults: Vec<RowFault>,
}

impl<'r> RowReader<'r> {
    fn fault(&mut self, index: usize, pointer: &str, (code, text): Wrong) {
        let fault = Fault::new(pointer, code, text);
        self.faults.push(RowFault::at(self.row.number, Some(self.layout.column(index)), fault));
    }

    fn fault_at(&mut self, field: Field, wrong: Wrong) {
        if let Some(index) = self.layout.index_of(field) {
            self.fault(index, field.pointer(), wrong);
        }
    }

    /// The first value right of the last column, or under no header.
    fn look_outside(&mut self) {
        let mut cells = self.row.cells.iter().enumerate();
        let outside = cells.find(|(index, cell)| !cell.is_blank() && self.layout.column(*index).header.is_none());
        if let Some((index, _)) = outside {
            self.fault(index, "", OUTSIDE);
        }
    }

    /// `Some(None)` if nothing stands there; `None` with a fault if it is no text.
    fn cell(&mut self, field: Field) -> Option<Option<&'r str>> {
        let cell = self.layout.index_of(field).and_then(|index| self.row.cells.get(index));
        match cell.map(Cell::read) {
            None | Some(Ok("")) => Some(None),
            Some(Ok(text)) => Some(Some(text)),
            Some(Err(wrong)) => {
                self.fault_at(field, wrong);
                None
            }
        }
    }

    fn optional<T>(&mut self, field: Field, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<Option<T>> {
        match self.cell(field)?.map(read) {
            None => Some(None),
            Some(Ok(value)) => Some(Some(value)),
            Some(Err(wrong)) => {
                self.fault_at(field, wrong);
                None
            }
        }
    }

    fn required<T>(&mut self, field: Field, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        let value = self.optional(field, read)?;
        if value.is_none() {
            self.fault_at(field, MISSING);
        }
        value
    }

    fn text(&mut self, field: Field, most: usize) -> Option<Option<String>> {
        self.optional(field, |text| short(text, most))
    }

    fn notice(&mut self, facility: Option<FacilityId>) -> Option<Notice> {
        let guest = self.guest();
        let arrival = self.required(Field::Arrival, values::moment).map(Moment::as_arrival);
        let departure = self.required(Field::Departure, values::moment).map(Moment::as_departure);
        let reason = self.required(Field::Reason, values::reason);
        let room = self.text(Field::Room, LONGEST_ROOM);
        let note = self.joined(&[Field::OtherReason, Field::Note], "; ", LONGEST_NOTE);
        let given = self.optional(Field::Facility, |text| text.parse().map_err(|_| FACILITY_FORM));
        let facility_id = given.map(|given| given.or(facility));
        if facility_id == Some(None) {
            self.fault_at(Field::Facility, MISSING);
        }
        let unused = [Field::Number, Field::PaperName, Field::ResidenceKind];
        let unused = unused.map(|field| self.text(field, LONGEST_NOTE));
        if let (Some(arrival), Some(departure)) = (arrival, departure)
            && departure <= arrival
        {
            self.fault_at(Field::Departure, LEFT_BEFORE);
        }
        if let (Some(guest), Some(arrival)) = (&guest, arrival)
            && arrival.date_in_viet_nam() < guest.date_of_birth.earliest()
        {
            self.fault_at(Field::BirthDate, BORN_LATER);
        }
        unused.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Notice {
            facility_id: facility_id??,
            room: room?,
            arrival: arrival?,
            planned_departure: Some(departure?),
            reason: reason?,
            note: note?,
            guests: vec![GuestGiven::Typed(Box::new(guest?))],
        })
    }

    fn guest(&mut self) -> Option<TypedGuest> {
        let full_name = self.required(Field::FullName, |text| PersonName::parse(text).map_err(Into::into));
        let date_of_birth = self.required(Field::BirthDate, values::birth_date);
        let sex = self.required(Field::Sex, values::sex);
        let nationality = self.required(Field::Nationality, values::nationality);
        let kind = self.required(Field::PaperKind, values::paper);
        let document = self.document(kind);
        let phone = self.text(Field::Phone, LONGEST_PHONE);
        let places = [Field::Address, Field::Ward, Field::Province];
        let address = self.joined(&places, ", ", LONGEST_ADDRESS);
        Some(TypedGuest {
            full_name: full_name?,
            date_of_birth: date_of_birth?,
            sex: Some(sex?),
            nationality: nationality?,
            document: document?,
            mrz: None,
            address: address?,
            phone: phone?,
        })
    }

    /// `Some(None)` for who has no paper.
    fn document(&mut self, kind: Option<DocumentKind>) -> Option<Option<Document>> {
        let number = self.optional(Field::PaperNumber, |text| number_of(kind, text))?;
        match (kind?, number) {
            (kind, Some(number)) => Some(Some(Document { kind, number })),
            (DocumentKind::Other, None) => Some(None),
            (_, None) => {
                self.fault_at(Field::PaperNumber, MISSING);
                None
            }
        }
    }

    /// Several cells as one text.
    fn joined(&mut self, fields: &[Field], by: &str, most: usize) -> Option<Option<String>> {
        let parts: Vec<Option<Option<String>>> = fields.iter().map(|field| self.text(*field, most)).collect();
        let parts: Vec<String> = parts.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        let text = parts.join(by);
        if text.chars().count() > most {
            self.fault_at(*fields.iter().find(|field| self.layout.index_of(**field).is_some())?, TOO_LONG);
            return None;
        }
        Some((!text.is_empty()).then_some(text))
    }
}

fn short(text: &str, most: usize) -> Result<String, Wrong> {
    if text.chars().count() > most {
        return Err(TOO_LONG);
    }
    if text.chars().any(char::is_control) {
        return Err(CONTROL);
    }
    Ok(text.to_owned())
}

/// A document's number as its kind has it. Leading zeros that a spreadsheet took are not guessed at.
fn number_of(kind: Option<DocumentKind>, text: &str) -> Result<String, Wrong> {
    let number: String =
        text.chars().filter(|c| !matches!(c, ' ' | '.' | '\u{a0}')).map(|c| c.to_ascii_uppercase()).collect();
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    match kind {
        Some(DocumentKind::Cccd | DocumentKind::CanCuoc) => match number.len() {
            9..=11 if digits => Err(ZEROS_LOST),
            _ => IdNumber::parse(&number).map(|_| number).map_err(Into::into),
        },
        Some(DocumentKind::Cmnd) => match number.len() {
            9 if digits => Ok(number),
            7 | 8 if digits => Err(ZEROS_LOST),
            _ => Err(CMND),
        },
        _ => {
            let plain = number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if plain && (1..=20).contains(&number.len()) { Ok(number) } else { Err(NUMBER_FORM) }
        }
    }
}
