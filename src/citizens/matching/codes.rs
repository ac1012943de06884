//! Comparing what is said by codes and short words.

use super::verdict::{Comparison, Reason, Verdict};
use crate::citizens::model::MaritalStatus;
use crate::kernel::Sex;
use crate::kernel::orthography::{has_foreign_letter, is_plain, search_form, spelled_form};

/// An unknown sex in the record confirms nothing and contradicts nothing.
pub fn compare_sex(given: Sex, record: Sex) -> Comparison {
    match record {
        Sex::Unknown => Comparison::NOT_RECORDED,
        record => Comparison::same_if(given == record),
    }
}

pub fn compare_marital_status(given: MaritalStatus, record: MaritalStatus) -> Comparison {
    match record {
        MaritalStatus::Unknown => Comparison::NOT_RECORDED,
        record => Comparison::same_if(given == record),
    }
}

/// A value that may be missing from the record.
pub fn compare_recorded<T: PartialEq>(given: &T, record: Option<&T>) -> Comparison {
    record.map_or(Comparison::NOT_RECORDED, |record| Comparison::same_if(given == record))
}

/// Codes in any case.
pub fn compare_code(given: &str, record: Option<&str>) -> Comparison {
    record.map_or(Comparison::NOT_RECORDED, |record| Comparison::same_if(given.eq_ignore_ascii_case(record.trim())))
}

/// A word or name of something, as text: case, spelling variants and, if none are given, diacritics
/// make no difference.
pub fn compare_words(given: &str, record: Option<&str>) -> Comparison {
    let Some(record) = record else { return Comparison::NOT_RECORDED };
    if given.trim() == record.trim() {
        Comparison::SAME
    } else if are_variants(given, record) {
        Comparison::new(Verdict::Equivalent, Reason::TextVariant)
    } else {
        Comparison::DIFFERS
    }
}

pub(super) fn are_variants(given: &str, record: &str) -> bool {
    let same = |form: fn(&str) -> String| {
        let given = form(given);
        !given.is_empty() && given == form(record)
    };
    let foreign = has_foreign_letter(given) || has_foreign_letter(record);
    !foreign && (same(spelled_form) || (is_plain(given) && same(search_form)))
}
