//! Comparing telephone numbers and e-mail addresses.

use super::verdict::{Comparison, Reason, Verdict};

/// A Vietnamese or foreign number in its national or international form: `+84 91 …`, `0084…` and
/// `091…` are one. `None` if it has no 8 to 15 digits or anything but digits and their separators.
pub fn normal_phone(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    for (index, c) in text.trim().chars().enumerate() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if index == 0 => digits.push_str("00"),
            ' ' | '.' | '-' | '(' | ')' | '\u{a0}' => {}
            _ => return None,
        }
    }
    let national = digits.strip_prefix("0084").or_else(|| digits.strip_prefix("84").filter(|rest| rest.len() >= 9));
    let normal = match national {
        Some(rest) => format!("0{}", rest.trim_start_matches('0')),
        None => digits,
    };
    (8..=15).contains(&normal.len()).then_some(normal)
}

pub fn compare_phones(given: &str, record: &str) -> Comparison {
    if given.trim() == record.trim() {
        return Comparison::SAME;
    }
    match (normal_phone(given), normal_phone(record)) {
        (Some(given), Some(record)) if given == record => Comparison::new(Verdict::Equivalent, Reason::NumberFormat),
        _ => Comparison::DIFFERS,
    }
}

/// Whether a text looks like an address: one `@` with something on both sides, no white space.
pub fn is_email(text: &str) -> bool {
    let text = text.trim();
    text.len() <= 254
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.contains('@') && domain.split('.').all(|label| !label.is_empty())
        })
}

/// Domains know no case; local parts in practice neither, though RFC 5321 leaves it to the host.
pub fn compare_emails(given: &str, record: &str) -> Comparison {
    let (given, record) = (given.trim(), record.trim());
    if given == record {
        Comparison::SAME
    } else if given.to_lowercase() == record.to_lowercase() {
        Comparison::new(Verdict::Equivalent, Reason::LetterCase)
    } else {
        Comparison::DIFFERS
    }
}
