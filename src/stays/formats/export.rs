//! What a search found, as a table: a row for each guest.

use std::collections::BTreeSet;

use rust_xlsxwriter::XlsxError;

use super::written;
use crate::kernel::{Instant, Language, PartialDate, Sex};
use crate::stays::model::{Facility, GuestVerdict, Stay, StayGuest, StayState};

const HEADERS: [&str; 25] = [
    "Mã lưu trú (stay)",
    "Mã cơ sở (facility)",
    "Tên cơ sở (facility name)",
    "Xã/phường (commune)",
    "Phòng (room)",
    "Ngày đến (arrival)",
    "Ngày đi dự kiến (planned departure)",
    "Đã rời lúc (left at)",
    "Trạng thái (state)",
    "Lý do (reason)",
    "Ghi chú (note)",
    "Khách số (guest)",
    "Họ và tên (full name)",
    "Ngày sinh (date of birth)",
    "Giới tính (sex)",
    "Quốc tịch (nationality)",
    "Loại giấy tờ (document)",
    "Số giấy tờ (document number)",
    "Địa chỉ (address)",
    "Điện thoại (phone)",
    "Kiểm tra (verdict)",
    "Giải thích (why)",
    "Ở nơi khác cùng lúc (elsewhere)",
    "Nhận lúc (received at)",
    "Đúng hạn (on time)",
];

/// A stay that was found, and where it is.
pub struct ExportRow<'f> {
    pub stay: &'f Stay,
    pub facility: &'f Facility,
    /// The numbers of the guests who are reported at another facility for the same time.
    pub elsewhere: &'f BTreeSet<i16>,
}

/// As CSV.
pub fn export_csv(found: &[ExportRow<'_>]) -> Vec<u8> {
    let rows = table(found);
    written::csv(rows.iter().map(|row| row.iter().map(String::as_str).collect()), b',')
}

/// As a workbook.
///
/// # Errors
/// If there are more rows than a sheet holds.
pub fn export_xlsx(found: &[ExportRow<'_>]) -> Result<Vec<u8>, XlsxError> {
    let rows = table(found);
    written::workbook("Lưu trú", rows.iter().map(|row| row.iter().map(String::as_str).collect()))
}

fn table(found: &[ExportRow<'_>]) -> Vec<Vec<String>> {
    let mut rows = vec![HEADERS.map(str::to_owned).to_vec()];
    for one in found {
        rows.extend(one.stay.present().map(|guest| row(one, guest)));
    }
    rows
}

fn row(ExportRow { stay, facility, elsewhere }: &ExportRow<'_>, guest: &StayGuest) -> Vec<String> {
    let details = &guest.details;
    let document = details.document.as_ref();
    let yes = |is: bool| if is { "có" } else { "" }.to_owned();
    let moment = |at: Option<Instant>| at.map(local).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        stay.id.to_string(),
        stay.facility_id.to_string(),
        facility.name.clone(),
        stay.commune.to_string(),
        text(&stay.room),
        local(stay.arrival),
        moment(stay.planned_departure),
        moment(stay.left_at),
        match stay.state {
            StayState::Open => "đang ở",
            StayState::Left => "đã rời",
            StayState::Cancelled => "đã hủy",
        }
        .to_owned(),
        stay.reason.label().in_language(Language::Vi).to_owned(),
        text(&stay.note),
        guest.number.to_string(),
        details.full_name.as_ref().map(|name| name.expose().to_owned()).unwrap_or_default(),
        details.date_of_birth.map(written_day).unwrap_or_default(),
        match details.sex {
            Some(Sex::Male) => "M",
            Some(Sex::Female) => "F",
            Some(Sex::Unknown) => "U",
            None => "",
        }
        .to_owned(),
        text(&details.nationality),
        document.map(|document| document.kind.label().in_language(Language::Vi).to_owned()).unwrap_or_default(),
        document.map(|document| document.number.clone()).unwrap_or_default(),
        text(&details.address),
        text(&details.phone),
        match guest.verdict() {
            GuestVerdict::Verified => "khớp",
            GuestVerdict::Mismatch => "không khớp",
            GuestVerdict::Unverified => "chưa kiểm tra",
        }
        .to_owned(),
        guest.reason.text().in_language(Language::Vi).to_owned(),
        yes(elsewhere.contains(&guest.number)),
        local(stay.received_at),
        yes(stay.on_time),
    ]
}

/// Day and time in Viet Nam.
fn local(at: Instant) -> String {
    let (hour, minute) = at.hour_and_minute_in_viet_nam();
    format!("{} {hour:02}:{minute:02}", written_day(PartialDate::Day(at.date_in_viet_nam())))
}

fn written_day(date: PartialDate) -> String {
    match date {
        PartialDate::Day(date) => format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year()),
        PartialDate::Month { year, month } => format!("{month:02}/{year:04}"),
        PartialDate::Year(year) => format!("{year:04}"),
    }
}
