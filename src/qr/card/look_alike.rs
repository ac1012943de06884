//! Codes that people show in place of a card, named instead of called invalid.

use crate::kernel::Text;

/// A code that is something else than the card's, recognised by its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LookAlike {
    /// Health-insurance card: `code|name in hex|dd/MM/yyyy|1 or 2|…`.
    HealthInsurance,
    /// EMVCo merchant-presented mode, as VietQR bank transfers use it.
    BankTransfer,
    Url,
    Json,
    /// Lines such as `Số CCCD: …`.
    LabelledLines,
    /// A third party's text of six fields, without the CMND field.
    SixFields,
    /// A third party's text with dates as `dd/MM/yyyy`.
    SlashedDates,
}

impl LookAlike {
    /// Stable code for warnings and problems.
    pub const fn code(self) -> &'static str {
        match self {
            Self::HealthInsurance => "health_insurance_qr",
            Self::BankTransfer => "bank_transfer_qr",
            Self::Url => "url_qr",
            Self::Json => "json_qr",
            Self::LabelledLines => "labelled_text_qr",
            Self::SixFields => "six_field_text_qr",
            Self::SlashedDates => "slashed_dates_qr",
        }
    }

    pub const fn text(self) -> Text {
        match self {
            Self::HealthInsurance => Text::new(
                "Đây là mã QR của thẻ bảo hiểm y tế, không phải của thẻ căn cước.",
                "This is the QR of a health-insurance card, not of an identity card.",
            ),
            Self::BankTransfer => Text::new(
                "Đây là mã QR chuyển khoản ngân hàng, không phải của thẻ căn cước.",
                "This is a bank-transfer QR, not that of an identity card.",
            ),
            Self::Url => Text::new(
                "Đây là mã QR chứa một địa chỉ web, không phải của thẻ căn cước.",
                "This QR holds a web address; it is not that of an identity card.",
            ),
            Self::Json => Text::new(
                "Đây là mã QR chứa JSON của một ứng dụng khác, không phải của thẻ căn cước.",
                "This QR holds another application's JSON; it is not that of an identity card.",
            ),
            Self::LabelledLines => Text::new(
                "Đây là văn bản có nhãn do phần mềm khác tạo, không phải mã QR in trên thẻ.",
                "This is labelled text made by other software, not the QR printed on a card.",
            ),
            Self::SixFields => Text::new(
                "Mã có sáu trường, thiếu trường số CMND: không phải mã QR in trên thẻ.",
                "The code has six fields and lacks the CMND field: it is not the QR printed on a card.",
            ),
            Self::SlashedDates => Text::new(
                "Mã ghi ngày dạng dd/MM/yyyy: không phải mã QR in trên thẻ.",
                "The code writes dates as dd/MM/yyyy: it is not the QR printed on a card.",
            ),
        }
    }

    /// Recognises text without the card's separators, or with another's fields.
    pub fn recognise(text: &str) -> Option<Self> {
        let trimmed = text.trim_start();
        let lower = trimmed.get(..8.min(trimmed.len())).unwrap_or_default().to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("www.") {
            return Some(Self::Url);
        }
        if trimmed.starts_with('{') || trimmed.starts_with('[') {
            return Some(Self::Json);
        }
        if trimmed.starts_with("000201") && !trimmed.contains('|') {
            return Some(Self::BankTransfer);
        }
        let fields: Vec<&str> = trimmed.trim_end_matches(['\r', '\n']).split('|').collect();
        if is_health_insurance(&fields) {
            return Some(Self::HealthInsurance);
        }
        if fields.len() == 1 && trimmed.lines().filter(|line| line.contains(':')).count() >= 2 {
            return Some(Self::LabelledLines);
        }
        let numbered = fields.first().is_some_and(|field| is_digits(field, 12));
        if numbered && fields.iter().any(|field| is_slashed_date(field)) {
            return Some(Self::SlashedDates);
        }
        if numbered && fields.len() == 6 && !is_digits(fields[1], 9) && !fields[1].is_empty() {
            return Some(Self::SixFields);
        }
        None
    }
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_slashed_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if i == 2 || i == 5 { *b == b'/' } else { b.is_ascii_digit() })
}

fn is_health_insurance(fields: &[&str]) -> bool {
    fields.len() >= 5
        && !is_digits(fields[0], 12)
        && fields[0].bytes().all(|b| b.is_ascii_alphanumeric())
        && (10..=15).contains(&fields[0].len())
        && fields[1].len() >= 4
        && fields[1].len().is_multiple_of(2)
        && fields[1].bytes().all(|b| b.is_ascii_hexdigit())
        && matches!(fields[3], "1" | "2")
}
