//! What people write into cells: days and times, sex, nationality, papers, reasons.

use crate::kernel::orthography::search_form;
use crate::kernel::{CivilDate, Instant, PartialDate, Sex, Text};
use crate::stays::model::{DocumentKind, Reason};

/// A fault's code and sentence.
pub type Wrong = (&'static str, Text);

const DATE_FORM: Wrong = (
    "date_format",
    Text::new(
        "Ngày viết không đúng dạng. Hãy viết ngày/tháng/năm, ví dụ 15/03/1999.",
        "The date is not written as expected. Write day/month/year, for instance 15/03/1999.",
    ),
);
const MONTH_FIRST: Wrong = (
    "date_month_first",
    Text::new(
        "Tháng lớn hơn 12: có lẽ tháng được viết trước ngày. Hãy viết ngày/tháng/năm, ví dụ 15/03/1999.",
        "The month is above 12: it may stand before the day. Write day/month/year, for instance 15/03/1999.",
    ),
);
const SHORT_YEAR: Wrong = (
    "date_short_year",
    Text::new(
        "Hãy viết đủ bốn chữ số của năm, ví dụ 15/03/1999.",
        "Write the year with four digits, as in 15/03/1999.",
    ),
);
const SERIAL: Wrong = (
    "date_serial",
    Text::new(
        "Ô này là một con số chứ không phải ngày. Hãy định dạng ô là Ngày, hoặc gõ ngày/tháng/năm.",
        "The cell is a number, not a date. Format it as a date, or type day/month/year.",
    ),
);
const IMPOSSIBLE: Wrong = ("date_impossible", Text::new("Không có ngày này trong lịch.", "There is no such day."));
const TIME_FORM: Wrong = (
    "time_format",
    Text::new(
        "Giờ viết không đúng dạng. Hãy viết giờ:phút, ví dụ 14:30.",
        "Write the time as hour:minute, as in 14:30.",
    ),
);
const NO_TIME_HERE: Wrong =
    ("date_with_time", Text::new("Ngày sinh không có giờ.", "A birth date has no time of day."));

/// A day, and a time of it if one is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub date: CivilDate,
    pub minutes: Option<i64>,
}

const DAY_MINUTES: i64 = 24 * 60;
const MINUTE_MICROS: i64 = 60 * 1_000_000;
/// Viet Nam keeps UTC+7 all year.
const OFFSET_MINUTES: i64 = 7 * 60;
const NOON: i64 = 12 * 60;
const LAST_MINUTE: i64 = DAY_MINUTES - 1;

impl Moment {
    fn at(self, minutes: i64) -> Instant {
        let of_day = i64::from(self.date.epoch_days()) * DAY_MINUTES + minutes - OFFSET_MINUTES;
        Instant::from_micros(of_day * MINUTE_MICROS)
    }

    /// As an arrival: a day without a time counts from noon, so that a file sent twice says the same.
    pub fn as_arrival(self) -> Instant {
        self.at(self.minutes.unwrap_or(NOON))
    }

    /// As a departure: a day without a time counts to its last minute.
    pub fn as_departure(self) -> Instant {
        self.at(self.minutes.unwrap_or(LAST_MINUTE))
    }
}

/// Reads `15/03/2026 14:30`, `15/03/2026`, `2026-03-15 14:30` and RFC 3339.
pub fn moment(text: &str) -> Result<Moment, Wrong> {
    if text.len() > 16
        && let Some(instant) = Instant::parse_rfc3339(text)
    {
        let (hour, minute) = instant.hour_and_minute_in_viet_nam();
        return Ok(Moment { date: instant.date_in_viet_nam(), minutes: Some(hour * 60 + minute) });
    }
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, Some(time.trim())),
        None => (text, None),
    };
    let PartialDate::Day(date) = day_of(day)? else { return Err(DATE_FORM) };
    let minutes = time.map(time_of_day).transpose()?;
    Ok(Moment { date, minutes })
}

/// Reads `15/03/1999`, `03/1999`, `1999` and their ISO forms.
pub fn birth_date(text: &str) -> Result<PartialDate, Wrong> {
    match text.split_once(' ') {
        // How spreadsheets write a day they take for an instant.
        Some((day, time)) if time_of_day(time.trim()) == Ok(0) => day_of(day),
        Some((day, _)) if day_of(day).is_ok() => Err(NO_TIME_HERE),
        _ => day_of(text),
    }
}

fn day_of(text: &str) -> Result<PartialDate, Wrong> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let numbers: Option<Vec<i16>> = parts.iter().map(|part| number(part)).collect();
    let Some(numbers) = numbers else {
        let serial = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        return Err(if serial && text.len() >= 5 { SERIAL } else { DATE_FORM });
    };
    let written = |year: i16, month: i16, day: i16| {
        if month > 12 && day <= 12 {
            return Err(MONTH_FIRST);
        }
        CivilDate::new(year, month as i8, day as i8).map(PartialDate::Day).ok_or(IMPOSSIBLE)
    };
    let long = |part: &str| part.len() == 4;
    match (numbers.as_slice(), parts.as_slice()) {
        (&[year], [y]) if long(y) && year > 0 => Ok(PartialDate::Year(year)),
        (&[month, year], [m, y]) if long(y) && m.len() <= 2 => partial(year, month),
        (&[year, month], [y, m]) if long(y) && m.len() == 2 => partial(year, month),
        (&[year, month, day], [y, m, d]) if long(y) && m.len() <= 2 && d.len() <= 2 => written(year, month, day),
        (&[day, month, year], [d, m, y]) if long(y) && m.len() <= 2 && d.len() <= 2 => written(year, month, day),
        (&[..], [d, m, y]) if d.len() <= 2 && m.len() <= 2 && y.len() <= 2 => Err(SHORT_YEAR),
        _ => Err(DATE_FORM),
    }
}

fn partial(year: i16, month: i16) -> Result<PartialDate, Wrong> {
    if !(1..=12).contains(&month) || year == 0 {
        return Err(IMPOSSIBLE);
    }
    Ok(PartialDate::Month { year, month: month as i8 })
}

/// Up to four digits.
fn number(text: &str) -> Option<i16> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Minutes of `14:30`, `14:30:00`, `14h30` and `14h`.
fn time_of_day(text: &str) -> Result<i64, Wrong> {
    let mut parts = text.split([':', 'h', 'H']);
    let mut next = |most: i16| -> Result<Option<i64>, Wrong> {
        match parts.next() {
            None | Some("") => Ok(None),
            Some(part) => match number(part).filter(|found| part.len() <= 2 && *found <= most) {
                Some(found) => Ok(Some(found.into())),
                None => Err(TIME_FORM),
            },
        }
    };
    let hour = next(23)?.ok_or(TIME_FORM)?;
    let minute = next(59)?;
    next(59)?;
    let rest = parts.next().is_some();
    match minute {
        _ if rest || !text.contains([':', 'h', 'H']) => Err(TIME_FORM),
        Some(minute) => Ok(hour * 60 + minute),
        None if text.contains(['h', 'H']) => Ok(hour * 60),
        None => Err(TIME_FORM),
    }
}

pub fn sex(text: &str) -> Result<Sex, Wrong> {
    match search_form(text).as_str() {
        "m" | "nam" | "male" => Ok(Sex::Male),
        "f" | "nu" | "female" => Ok(Sex::Female),
        "u" | "unknown" | "khac" => Ok(Sex::Unknown),
        _ => Err((
            "sex_unknown",
            Text::new("Giới tính viết là M (nam) hoặc F (nữ).", "Sex is written M (male) or F (female)."),
        )),
    }
}

/// The alpha-3 code of ISO 3166-1; Viet Nam by name, too.
pub fn nationality(text: &str) -> Result<String, Wrong> {
    let code = text.split([' ', '-']).next().unwrap_or_default();
    if matches!(search_form(text).as_str(), "vn" | "viet nam" | "vietnam") {
        return Ok("VNM".to_owned());
    }
    let alone = code.len() == text.len() || text[code.len()..].trim_start().starts_with('-');
    if alone && code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(code.to_ascii_uppercase());
    }
    Err((
        "nationality_format",
        Text::new(
            "Quốc tịch viết bằng mã ba chữ cái, ví dụ VNM, KOR, FRA.",
            "Nationality is a code of three letters, for instance VNM, KOR, FRA.",
        ),
    ))
}

/// The number a cell begins with, as in `1` and `1 - Du lịch`.
fn leading_code(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let ends = text[end..].chars().next().is_none_or(|c| !c.is_alphanumeric());
    if ends { text[..end].parse().ok() } else { None }
}

/// By the portal's number, or by name.
pub fn paper(text: &str) -> Result<DocumentKind, Wrong> {
    let kind = match leading_code(text) {
        Some(1) => Some(DocumentKind::Cccd),
        Some(2) => Some(DocumentKind::Cmnd),
        Some(3) => Some(DocumentKind::DrivingLicence),
        Some(4) => Some(DocumentKind::Passport),
        Some(5) => Some(DocumentKind::BirthCertificate),
        Some(8) => Some(DocumentKind::CanCuoc),
        Some(9) => Some(DocumentKind::Other),
        Some(_) => None,
        None => match search_form(text).as_str() {
            "cccd" | "can cuoc cong dan" => Some(DocumentKind::Cccd),
            "cmnd" | "chung minh nhan dan" => Some(DocumentKind::Cmnd),
            "giai phep lai xe" | "gplx" | "driving licence" | "driving license" => Some(DocumentKind::DrivingLicence),
            "ho chieu" | "passport" => Some(DocumentKind::Passport),
            "giai khai sinh" | "birth certificate" => Some(DocumentKind::BirthCertificate),
            "can cuoc" | "the can cuoc" => Some(DocumentKind::CanCuoc),
            "khac" | "giai to khac" | "other" => Some(DocumentKind::Other),
            _ => DocumentKind::parse(&text.trim().to_lowercase()),
        },
    };
    kind.ok_or((
        "paper_unknown",
        Text::new(
            "Loại giấy tờ là 1 (CCCD), 2 (CMND), 3 (giấy phép lái xe), 4 (hộ chiếu), 5 (giấy khai sinh), 8 (căn cước) hoặc 9 (khác).",
            "The paper is 1 (CCCD), 2 (CMND), 3 (driving licence), 4 (passport), 5 (birth certificate), 8 (Căn cước) or 9 (other).",
        ),
    ))
}

/// By the portal's number, or by name. Of its numbers only three are certain (1 tourism, 3 study,
/// 20 other); what another one means is not guessed.
pub fn reason(text: &str) -> Result<Reason, Wrong> {
    let reason = match leading_code(text) {
        Some(1) => Some(Reason::Tourism),
        Some(3) => Some(Reason::Study),
        Some(20) => Some(Reason::Other),
        Some(_) => None,
        None => match search_form(text).as_str() {
            "du lich" => Some(Reason::Tourism),
            "hoc tap" | "hoc" => Some(Reason::Study),
            "lam viec" | "cong tac" | "cong viec" => Some(Reason::Work),
            "tham nguoi than" | "tham than" | "tham nguoi than ban be" => Some(Reason::Visit),
            "chua benh" | "kham chua benh" | "kham benh" => Some(Reason::Medical),
            "khac" | "li do khac" => Some(Reason::Other),
            _ => Reason::parse(&text.trim().to_lowercase()),
        },
    };
    reason.ok_or((
        "reason_unknown",
        Text::new(
            "Lý do là 1 (du lịch), 3 (học tập), 20 (khác), hoặc viết: làm việc, thăm người thân, chữa bệnh.",
            "The reason is 1 (tourism), 3 (study), 20 (other), or in words: work, visit, medical.",
        ),
    ))
}
