//! The forms of single fields of the card's text.

use crate::kernel::date::DateFault;
use crate::kernel::{CivilDate, PartialDate};

/// Reads `ddMMyyyy`, or what is known of it: `yyyy`, `0000yyyy`, `00MMyyyy`.
pub fn card_date(text: &str) -> Result<PartialDate, DateFault> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DateFault::Format);
    }
    let written = match text.len() {
        4 => text.to_owned(),
        8 => {
            let (day, month, year) = (&text[..2], &text[2..4], &text[4..]);
            match (day, month) {
                ("00", "00") => year.to_owned(),
                ("00", _) => format!("{year}-{month}"),
                _ => format!("{year}-{month}-{day}"),
            }
        }
        _ => return Err(DateFault::Format),
    };
    PartialDate::parse(&written)
}

/// Reads a full `ddMMyyyy`.
pub fn full_card_date(text: &str) -> Result<CivilDate, DateFault> {
    match card_date(text)? {
        PartialDate::Day(date) => Ok(date),
        _ => Err(DateFault::Impossible),
    }
}

/// Whether a scanner read UTF-8 as Shift_JIS: half-width katakana, or the kanji that Vietnamese
/// letters of the block U+1EA0–U+1EFF turn into.
pub fn looks_like_shift_jis(text: &str) -> bool {
    text.chars()
        .any(|c| matches!(c, '\u{ff61}'..='\u{ff9f}' | '盻' | '蘯' | '鼈' | '繝' | '縺' | '竄') || c == '\u{fffd}')
}
