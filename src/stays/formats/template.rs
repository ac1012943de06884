//! An empty file to fill in.

use rust_xlsxwriter::{DataValidation, Format, Workbook, Worksheet, XlsxError};

use super::columns::Field;
use super::written;

/// Rows that the lists of choices reach to.
const LAST_ROW: u32 = super::MOST_GUESTS as u32;
const SEXES: [&str; 3] = ["M", "F", "U"];
const PAPERS: [&str; 7] = [
    "1 - CCCD",
    "2 - CMND",
    "3 - Giấy phép lái xe",
    "4 - Hộ chiếu",
    "5 - Giấy khai sinh",
    "8 - Căn cước",
    "9 - Giấy tờ khác",
];
const REASONS: [&str; 6] =
    ["1 - Du lịch", "3 - Học tập", "Làm việc", "Thăm người thân", "Chữa bệnh", "20 - Lý do khác"];

/// What each column wants, in both languages.
const EXPLAINED: &[(Field, &str, &str)] = &[
    (Field::Number, "Số thứ tự, tùy ý.", "A running number, as you like."),
    (Field::FullName, "Như trên giấy tờ.", "As on the document."),
    (
        Field::BirthDate,
        "ngày/tháng/năm, ví dụ 15/03/1999; nếu chỉ biết năm thì viết năm.",
        "day/month/year, for instance 15/03/1999; the year alone if no more is known.",
    ),
    (Field::Sex, "M (nam), F (nữ), U (không rõ).", "M (male), F (female), U (unknown)."),
    (Field::Nationality, "Mã ba chữ cái, ví dụ VNM, KOR.", "Code of three letters, for instance VNM, KOR."),
    (Field::PaperKind, "Chọn trong danh sách.", "Choose from the list."),
    (Field::PaperName, "Chỉ khi là giấy tờ khác; không được lưu.", "For other papers only; it is not kept."),
    (
        Field::PaperNumber,
        "Đủ các chữ số, kể cả số 0 ở đầu. Chỉ để trống khi khách không có giấy tờ (loại 9).",
        "All digits, leading zeros too. Empty only for a guest without any paper (kind 9).",
    ),
    (Field::Phone, "Không bắt buộc.", "Optional."),
    (Field::ResidenceKind, "Không bắt buộc; không được lưu.", "Optional; it is not kept."),
    (Field::Province, "Nơi cư trú của khách.", "Where the guest lives."),
    (Field::Ward, "Nơi cư trú của khách.", "Where the guest lives."),
    (Field::Address, "Số nhà, đường.", "House and street."),
    (
        Field::Arrival,
        "ngày/tháng/năm giờ:phút; không có giờ thì tính là 12:00.",
        "day/month/year hour:minute; without a time it counts as 12:00.",
    ),
    (
        Field::Departure,
        "Sau ngày đến; không có giờ thì tính đến hết ngày.",
        "After the arrival; without a time it counts to the end of the day.",
    ),
    (Field::Room, "Không bắt buộc.", "Optional."),
    (Field::Reason, "Chọn trong danh sách.", "Choose from the list."),
    (Field::OtherReason, "Khi chọn lý do khác.", "Where the reason is another one."),
    (Field::Note, "Không bắt buộc.", "Optional."),
    (
        Field::Facility,
        "Chỉ cần khi tệp có khách của nhiều cơ sở; mã 32 chữ cái trong danh sách cơ sở.",
        "Needed only where the file has guests of several facilities: the 32 letters of the list of facilities.",
    ),
];

fn fields() -> impl Iterator<Item = Field> {
    Field::ALL.iter().copied().filter(|field| *field != Field::Faults)
}

/// The headers alone: an example row would be reported as a guest by who forgets to remove it.
pub fn template_csv() -> Vec<u8> {
    written::csv(std::iter::once(fields().map(Field::header).collect()), b',')
}

/// A sheet of headers with lists to choose from, and a sheet that explains them.
///
/// # Errors
/// None that an input could cause.
pub fn template_xlsx() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (bold, plain, _) = written::formats();
    let guests = book.add_worksheet();
    guests.set_name("Khách")?;
    for (column, field) in (0_u16..).zip(fields()) {
        written::write(guests, (0, column), field.header(), &bold)?;
    }
    written::set_columns(guests, fields().count(), &plain)?;
    choices(guests, Field::Sex, &SEXES)?;
    choices(guests, Field::PaperKind, &PAPERS)?;
    choices(guests, Field::Reason, &REASONS)?;
    explain(book.add_worksheet(), &bold, &plain)?;
    book.save_to_buffer()
}

fn choices(sheet: &mut Worksheet, field: Field, words: &[&str]) -> Result<(), XlsxError> {
    let Some(column) = fields().position(|own| own == field).and_then(|at| u16::try_from(at).ok()) else {
        return Ok(());
    };
    let list = DataValidation::new().allow_list_strings(words)?;
    sheet.add_data_validation(1, column, LAST_ROW, column, &list).map(drop)
}

fn explain(sheet: &mut Worksheet, bold: &Format, plain: &Format) -> Result<(), XlsxError> {
    sheet.set_name("Hướng dẫn")?;
    for (column, head) in (0_u16..).zip(["Cột", "Cách điền", "How to fill it in"]) {
        written::write(sheet, (0, column), head, bold)?;
        sheet.set_column_width(column, if column == 0 { 20.0 } else { 80.0 })?;
    }
    for (row, (field, vi, en)) in (1_u32..).zip(EXPLAINED) {
        for (column, text) in (0_u16..).zip([field.header(), vi, en]) {
            written::write(sheet, (row, column), text, plain)?;
        }
    }
    Ok(())
}
