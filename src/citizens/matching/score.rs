//! How alike two names are, as a number. Only agreed detail shows it; no decision rests on it.

use super::edit::distance;
use super::name::PreparedName;
use super::surnames::information;
use super::verdict::Verdict;

/// The given name's words carry most of a Vietnamese name, a common family name little.
const GIVEN_NAME: f32 = 3.0;
const MIDDLE_NAME: f32 = 1.0;
/// A family name that one in 500 bears counts this much.
const RARE_FAMILY_NAME: f32 = 1.5;
const BITS_OF_RARE: f32 = 9.0;

/// 0 to 1, in bands that never contradict the verdict: exact 1, equivalent 0.95, close 0.60–0.90,
/// mismatch below 0.60.
pub fn name_score(given: &PreparedName, record: &PreparedName, verdict: Verdict) -> f32 {
    match verdict {
        Verdict::Exact => 1.0,
        Verdict::Equivalent => 0.95,
        Verdict::Close => likeness(given, record).clamp(0.60, 0.90),
        Verdict::Mismatch => likeness(given, record).min(0.59),
        Verdict::NotRecorded => 0.0,
    }
}

/// The weighted mean likeness of the record's words with those given.
fn likeness(given: &PreparedName, record: &PreparedName) -> f32 {
    let form = |name: &'_ PreparedName| {
        let (spelled, plain) = name.spelled_and_plain();
        if given.has_diacritics() { spelled.to_owned() } else { plain.to_owned() }
    };
    let (given_form, record_form) = (form(given), form(record));
    let given_words: Vec<&str> = given_form.split(' ').collect();
    let record_words: Vec<&str> = record_form.split(' ').collect();
    let family = record.spelled_and_plain().1.split(' ').next().unwrap_or_default();
    let last = record_words.len().saturating_sub(1);
    let (mut sum, mut total) = (0.0, 0.0);
    for (index, word) in record_words.iter().enumerate() {
        let (weight, like) = if index == last {
            (GIVEN_NAME, given_words.last().map_or(0.0, |other| word_likeness(word, other)))
        } else if index == 0 {
            let weight = RARE_FAMILY_NAME * information(family) / BITS_OF_RARE;
            (weight, given_words.first().map_or(0.0, |other| word_likeness(word, other)))
        } else {
            let inner = given_words.iter().skip(1).take(given_words.len().saturating_sub(2));
            (MIDDLE_NAME, inner.map(|other| word_likeness(word, other)).fold(0.0, f32::max))
        };
        sum += weight * like;
        total += weight;
    }
    total += MIDDLE_NAME * given_words.len().saturating_sub(record_words.len()) as f32;
    if total > 0.0 { sum / total } else { 0.0 }
}

fn word_likeness(a: &str, b: &str) -> f32 {
    let longest = a.chars().count().max(b.chars().count());
    if longest == 0 { 0.0 } else { 1.0 - distance(a, b) as f32 / longest as f32 }
}
