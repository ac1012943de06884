//! Sheets of guests as hotels send them, written without the service's help.

use rust_xlsxwriter::Workbook;

pub const HEADERS: [&str; 19] = [
    "STT",
    "Họ và tên (*)",
    "Ngày sinh (*)",
    "Giới tính (*)",
    "Quốc tịch (*)",
    "Loại giấy tờ (*)",
    "Tên giấy tờ",
    "Số giấy tờ (*)",
    "Số điện thoại",
    "Loại cư trú",
    "Tỉnh/Thành phố",
    "Phường/Xã",
    "Địa chỉ chi tiết",
    "Ngày đến (*)",
    "Ngày đi dự kiến (*)",
    "Số phòng",
    "Lý do lưu trú (*)",
    "Lý do khác",
    "Ghi chú",
];

/// None of the cells holds a comma or a quote.
pub fn csv(rows: &[[String; 19]]) -> Vec<u8> {
    let mut text = HEADERS.join(",") + "\r\n";
    for row in rows {
        text.push_str(&row.join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

pub fn xlsx(rows: &[[String; 19]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in (0_u16..).zip(HEADERS) {
        sheet.write_string(0, column, header).unwrap();
    }
    for (number, row) in (1_u32..).zip(rows) {
        for (column, cell) in (0_u16..).zip(row) {
            sheet.write_string(number, column, cell).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}
