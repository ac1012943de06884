//! What is wrong with a file, or with a cell of it, in words for who filled it in.

use serde::Serialize;

use crate::kernel::{Fault, Text};

macro_rules! file_faults {
    ($($variant:ident = $code:literal, $vi:literal, $en:literal;)*) => {
        /// Why nothing of a file is read. The codes are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        pub enum FileFault { $(#[doc = $en] #[error($code)] $variant,)* }

        impl FileFault {
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            pub const fn text(self) -> Text {
                match self { $(Self::$variant => Text::new($vi, $en),)* }
            }
        }
    };
}

file_faults! {
    Locked = "workbook_locked",
        "Tệp Excel được đặt mật khẩu. Hãy bỏ mật khẩu (Tệp › Thông tin › Bảo vệ sổ làm việc), lưu lại rồi gửi.",
        "The workbook is locked with a password. Take the password off (File › Info › Protect Workbook), save and send it again.";
    OldWorkbook = "workbook_old",
        "Đây là tệp Excel kiểu cũ (.xls). Hãy lưu thành Excel Workbook (.xlsx) rồi gửi.",
        "This is an old Excel file (.xls). Save it as Excel Workbook (.xlsx) and send it again.";
    NoWorkbook = "workbook_unreadable",
        "Tệp không mở được như một sổ Excel (.xlsx); có thể tệp bị hỏng hoặc là loại khác.",
        "The file cannot be opened as an Excel workbook (.xlsx): it is damaged, or of another kind.";
    TooLarge = "file_too_large",
        "Tệp quá lớn sau khi mở. Hãy bỏ hình ảnh, định dạng và trang thừa, hoặc chia tệp.",
        "The file is too large once it is opened. Remove pictures, formats and spare sheets, or split it.";
    TooManyCells = "too_many_cells",
        "Sổ Excel có hơn 1.000.000 ô hoặc quá nhiều định dạng. Hãy xóa các ô, kiểu định dạng và trang thừa, hoặc chia tệp.",
        "The workbook has more than 1,000,000 cells, or too many formats. Remove spare cells, styles and sheets, or split it.";
    RowTooWide = "row_too_wide",
        "Một dòng của tệp có hơn 16.384 ô, nhiều hơn một bảng tính. Hãy kiểm tra dấu phân cách và dấu xuống dòng của tệp.",
        "A row of the file has more than 16,384 cells, more than a spreadsheet holds. Look at the file's separators and ends of lines.";
    PartTwice = "workbook_part_twice",
        "Nhiều trang tính của tệp Excel cùng trỏ tới một phần của tệp. Hãy mở bằng Excel, lưu lại rồi gửi.",
        "Several sheets of the workbook are one and the same part of the file. Open it with Excel, save and send it again.";
    PartsOverlap = "workbook_parts_overlap",
        "Các phần bên trong tệp Excel trùng tên hoặc chồng lên nhau. Hãy mở bằng Excel, lưu lại rồi gửi.",
        "Parts within the workbook have the same name or overlap. Open it with Excel, save and send it again.";
    TooManyGuests = "too_many_guests",
        "Tệp có hơn 10.000 khách. Hãy chia thành nhiều tệp.",
        "The file has more than 10,000 guests. Split it into several files.";
    NotUnicode = "not_unicode",
        "Tệp không được lưu bằng Unicode (UTF-8). Trong Excel: Lưu thành › CSV UTF-8.",
        "The file is not saved as Unicode (UTF-8). In Excel: Save As › CSV UTF-8.";
    NoHeader = "header_missing",
        "Không thấy dòng tiêu đề: một trong 20 dòng đầu phải có tên các cột như trong tệp mẫu.",
        "There is no header: one of the first 20 rows must have the names of the columns, as the template has them.";
    SeveralSheets = "several_sheets",
        "Nhiều trang tính cùng có danh sách khách. Hãy để lại một trang.",
        "Several sheets hold guests. Leave one.";
    NoRows = "no_rows",
        "Tệp không có khách nào dưới dòng tiêu đề.",
        "The file has no guests below its header.";
    NotJson = "not_json",
        "Tệp không phải JSON hợp lệ.",
        "The file is not valid JSON.";
    NoStays = "stays_missing",
        "JSON phải là một đối tượng có mảng \"stays\".",
        "The JSON must be an object with an array \"stays\".";
}

/// A column as people name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ColumnName {
    /// Its letter in a spreadsheet; the member's name in JSON.
    #[schema(example = "C")]
    pub letter: String,
    /// Its header as the template has it.
    #[schema(example = "Ngày sinh (*)")]
    pub header: Option<&'static str>,
}

/// One fault of one row. It repeats no input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// As spreadsheets and editors count, from 1.
    pub row: u32,
    /// `None`: the row itself.
    pub column: Option<ColumnName>,
    /// JSON pointer (RFC 6901) into the notice that the row is.
    pub pointer: String,
    pub code: &'static str,
    pub text: Text,
}

impl RowFault {
    pub fn at(row: u32, column: Option<ColumnName>, fault: Fault) -> Self {
        Self { row, column, pointer: fault.pointer, code: fault.code, text: fault.text }
    }
}

/// Faults of one row that are told; more help nobody, and a hostile file has them by the million.
const MOST_TOLD: usize = 25;

const MORE: (&str, Text) = (
    "more_faults",
    Text::new("Dòng này còn lỗi khác, chưa được liệt kê.", "The row has more faults, which are not listed."),
);

/// The faults of one row as they are told: of too many the first, and that there are more.
pub fn told_of_row(row: u32, faults: impl ExactSizeIterator<Item = RowFault>) -> Vec<RowFault> {
    if faults.len() <= MOST_TOLD {
        return faults.collect();
    }
    let (code, text) = MORE;
    let more = RowFault::at(row, None, Fault::new("", code, text));
    faults.take(MOST_TOLD - 1).chain([more]).collect()
}

/// Why no row of a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    File(FileFault),
    /// Its header, column by column.
    Header(Vec<RowFault>),
}

impl From<FileFault> for Unread {
    fn from(fault: FileFault) -> Self {
        Self::File(fault)
    }
}
