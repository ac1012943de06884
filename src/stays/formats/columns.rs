//! The columns of a table of guests: those of the existing portal's workbook, and two of our own.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fault::{ColumnName, RowFault, told_of_row};
use crate::kernel::orthography::search_form;
use crate::kernel::{Fault, Text};

const UNKNOWN: (&str, Text) = (
    "column_unknown",
    Text::new(
        "Không có cột nào tên như vậy. Hãy sửa tiêu đề theo tệp mẫu hoặc xóa cột.",
        "There is no column of this name. Correct the header by the template, or remove the column.",
    ),
);
const TWICE: (&str, Text) = (
    "column_twice",
    Text::new("Cột này đã có ở bên trái. Hãy xóa một cột.", "This column stands further left already. Remove one."),
);
const MISSING: (&str, Text) = (
    "column_missing",
    Text::new("Thiếu một cột bắt buộc trong dòng tiêu đề.", "A required column is missing in the header."),
);

macro_rules! fields {
    ($($variant:ident = $header:literal, $pointer:literal, [$($alias:literal),*];)*) => {
        /// What a column holds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field { $($variant,)* }

        impl Field {
            /// In the order of the template.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As the template writes it; `(*)` marks what every row must have.
            pub const fn header(self) -> &'static str {
                match self { $(Self::$variant => $header,)* }
            }

            /// Where the cell stands in the notice that its row is.
            pub const fn pointer(self) -> &'static str {
                match self { $(Self::$variant => $pointer,)* }
            }

            pub(super) const fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($alias),*],)* }
            }
        }
    };
}

fields! {
    Number = "STT", "", ["số thứ tự", "no", "number in the list"];
    FullName = "Họ và tên (*)", "/guests/0/typed/full_name", ["họ tên", "họ và tên khách", "tên khách", "full name", "full_name", "name"];
    BirthDate = "Ngày sinh (*)", "/guests/0/typed/date_of_birth",
        ["ngày tháng năm sinh", "ngày, tháng, năm sinh", "năm sinh", "date of birth", "date_of_birth", "birth date"];
    Sex = "Giới tính (*)", "/guests/0/typed/sex", ["phái", "sex", "gender"];
    Nationality = "Quốc tịch (*)", "/guests/0/typed/nationality", ["nationality", "mã quốc tịch"];
    PaperKind = "Loại giấy tờ (*)", "/guests/0/typed/document/kind",
        ["loại giấy tờ tùy thân", "loại giấy tờ", "document type", "document_kind", "document kind", "paper type"];
    PaperName = "Tên giấy tờ", "/guests/0/typed/document/kind", ["tên giấy tờ khác", "document name", "document_name", "paper name"];
    PaperNumber = "Số giấy tờ (*)", "/guests/0/typed/document/number",
        ["số cccd", "số cmnd/cccd", "số định danh", "số định danh cá nhân", "số hộ chiếu", "document number", "document_number", "number"];
    Phone = "Số điện thoại", "/guests/0/typed/phone", ["điện thoại", "sđt", "phone", "phone number"];
    ResidenceKind = "Loại cư trú", "/guests/0/typed/address", ["residence kind", "residence_kind", "loại hình cư trú"];
    Province = "Tỉnh/Thành phố", "/guests/0/typed/address", ["tỉnh", "thành phố", "tỉnh thành", "province"];
    Ward = "Phường/Xã", "/guests/0/typed/address", ["xã", "phường", "phường xã đặc khu", "xã phường", "ward", "commune"];
    Address = "Địa chỉ chi tiết", "/guests/0/typed/address", ["địa chỉ", "số nhà đường phố", "address"];
    Arrival = "Ngày đến (*)", "/arrival",
        ["thời gian đến", "ngày giờ đến", "lưu trú từ ngày", "từ ngày", "arrival", "arrival date", "check in"];
    Departure = "Ngày đi dự kiến (*)", "/planned_departure",
        ["ngày đi", "thời gian đi dự kiến", "dự kiến đi", "lưu trú đến ngày", "đến ngày", "planned departure",
         "planned_departure", "departure", "check out"];
    Room = "Số phòng", "/room", ["phòng", "tên phòng", "room", "room number"];
    Reason = "Lý do lưu trú (*)", "/reason", ["lý do", "mục đích lưu trú", "reason"];
    OtherReason = "Lý do khác", "/note", ["lý do lưu trú khác", "other reason", "other_reason"];
    Note = "Ghi chú", "/note", ["note", "notes"];
    Facility = "Mã cơ sở", "/facility_id", ["mã cơ sở lưu trú", "cơ sở", "facility", "facility id", "facility_id"];
    Faults = "Lỗi cần sửa", "", ["lỗi", "faults"];
}

impl Field {
    /// Whether the header must have it. `facility` says whether the file's facility is given with it.
    const fn is_required(self, facility: bool) -> bool {
        match self {
            Self::FullName
            | Self::BirthDate
            | Self::Sex
            | Self::Nationality
            | Self::PaperKind
            | Self::PaperNumber
            | Self::Arrival
            | Self::Departure
            | Self::Reason => true,
            Self::Facility => !facility,
            _ => false,
        }
    }

    /// The field a header names, whatever its case, marks, stars and hints in brackets.
    pub fn of_header(header: &str) -> Option<Self> {
        let short = header.split(['(', '*', '\n', '[']).next().unwrap_or_default();
        let named = |text: &str| NAMES.get(&search_form(text)).copied();
        named(header).or_else(|| named(short))
    }
}

/// Every name of every field, as names are compared.
static NAMES: LazyLock<HashMap<String, Field>> = LazyLock::new(|| {
    let of = |field: &'static Field| {
        let own = field.header().trim_end_matches(" (*)");
        std::iter::once(own).chain(field.aliases().iter().copied()).map(|name| (search_form(name), *field))
    };
    Field::ALL.iter().flat_map(of).collect()
});

/// The letters of a spreadsheet's column, counted from 0.
pub fn letters(mut index: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + (index % 26) as u8);
        if index < 26 {
            break;
        }
        index = index / 26 - 1;
    }
    letters.reverse();
    String::from_utf8_lossy(&letters).into_owned()
}

/// How a table is laid out.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The header's cells as they were.
    pub headers: Vec<String>,
    fields: Vec<Option<Field>>,
    /// What parts the cells, in CSV.
    pub separator: Option<u8>,
}

impl Layout {
    /// So many names of columns make a row a header.
    pub const ENOUGH_NAMES: usize = 4;

    /// How many names of columns a row has; a header has several.
    pub fn names_in(cells: &[String]) -> usize {
        cells.iter().filter(|cell| Field::of_header(cell).is_some()).count()
    }

    /// Reads a header. Columns may stand in any order.
    ///
    /// # Errors
    /// Columns that are unknown, missing or there twice, each at its place in row `row`; of too many the
    /// first.
    pub fn read(headers: Vec<String>, row: u32, facility: bool) -> Result<Self, Vec<RowFault>> {
        let mut faults = Vec::new();
        let mut fields: Vec<Option<Field>> = Vec::with_capacity(headers.len());
        for (index, header) in headers.iter().enumerate() {
            let mut fault = |(code, text): (&'static str, Text), field: Option<Field>| {
                let column = ColumnName { letter: letters(index), header: field.map(Field::header) };
                faults.push(RowFault::at(row, Some(column), Fault::new("", code, text)));
            };
            let field = Field::of_header(header);
            match field {
                None if !header.trim().is_empty() => fault(UNKNOWN, None),
                Some(known) if fields.contains(&Some(known)) => fault(TWICE, Some(known)),
                _ => {}
            }
            fields.push(field);
        }
        for field in Field::ALL.iter().filter(|field| field.is_required(facility) && !fields.contains(&Some(**field))) {
            let column = ColumnName { letter: String::new(), header: Some(field.header()) };
            faults.push(RowFault::at(row, Some(column), Fault::new(field.pointer(), MISSING.0, MISSING.1)));
        }
        match faults.is_empty() {
            true => Ok(Self { headers, fields, separator: None }),
            false => Err(told_of_row(row, faults.into_iter())),
        }
    }

    /// How many columns have a header.
    pub fn width(&self) -> usize {
        self.fields.iter().rposition(Option::is_some).map_or(0, |last| last + 1)
    }

    pub fn index_of(&self, field: Field) -> Option<usize> {
        self.fields.iter().position(|own| *own == Some(field))
    }

    /// A column by its place.
    pub fn column(&self, index: usize) -> ColumnName {
        ColumnName { letter: letters(index), header: self.fields.get(index).copied().flatten().map(Field::header) }
    }

    /// The column of a member of the notice. Without a table: the member's own name.
    pub fn column_of(&self, pointer: &str) -> Option<ColumnName> {
        if self.fields.is_empty() {
            let member = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err() && !part.is_empty())?;
            return Some(ColumnName { letter: member.to_owned(), header: None });
        }
        // A guest who is given by number has members of other names; the last part is the same.
        let field = Field::ALL.iter().copied().find(|field| !field.pointer().is_empty() && field.pointer() == pointer);
        let field = field.or(match pointer.rsplit('/').next()? {
            "full_name" => Some(Field::FullName),
            "date_of_birth" => Some(Field::BirthDate),
            "id_number" => Some(Field::PaperNumber),
            _ => None,
        })?;
        Some(self.column(self.index_of(field)?))
    }
}
