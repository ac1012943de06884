//! Comparing names, tier by tier. The rules and their sources stand in `docs/matching.md`.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::edit::is_one_edit;
use super::surnames::{WordPair, are_never_one_name, are_two_families};
use super::verdict::{Comparison, Reason, Verdict};
use crate::kernel::PersonName;
use crate::kernel::orthography::{Folding, Word, has_foreign_letter, is_apostrophe, is_hyphen, is_letter, is_plain};

/// A name with the forms that comparisons need. Made once for a record and kept with it: an exact
/// match then costs one pass over the letters. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct PreparedName {
    /// Lower case, NFC; else as written.
    exact: Box<str>,
    /// Canonical spelling, words parted by one space, punctuation gone.
    spelled: Box<str>,
    /// The same without marks.
    plain: Box<str>,
    diacritics: bool,
    foreign: bool,
}

impl PreparedName {
    pub fn new(name: &PersonName) -> Self {
        let exact: String = name.expose().chars().flat_map(char::to_lowercase).nfc().collect();
        let (spelled, plain) = forms_of(&exact);
        Self {
            spelled: spelled.into(),
            plain: plain.into(),
            diacritics: !is_plain(&exact),
            foreign: has_foreign_letter(name.expose()),
            exact: exact.into(),
        }
    }

    fn is_one_word(&self) -> bool {
        !self.exact.contains(' ')
    }

    fn has_punctuation(&self) -> bool {
        self.exact.chars().any(is_separator)
    }

    /// Words in the form in which a given name of this kind is compared.
    fn words(&self, plain: bool) -> Vec<&str> {
        let form = if plain { &self.plain } else { &self.spelled };
        form.split(' ').collect()
    }

    pub(super) fn spelled_and_plain(&self) -> (&str, &str) {
        (&self.spelled, &self.plain)
    }

    pub(super) fn has_diacritics(&self) -> bool {
        self.diacritics
    }
}

impl fmt::Debug for PreparedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PreparedName(redacted)")
    }
}

/// A folded form in which names that are exact or equivalent never differ: lower case, no marks,
/// no spaces or punctuation, `đ` as `d`, `y` as `i`. For keyed hashes; it joins more than the tiers do.
pub fn index_form(name: &PersonName) -> String {
    let lower = name.expose().chars().flat_map(char::to_lowercase);
    lower
        .nfd()
        .filter(|c| is_letter(*c))
        .map(|c| match c {
            'đ' => 'd',
            'y' => 'i',
            c => c,
        })
        .collect()
}

/// Compares a name as given with a record's. Exact matches allocate nothing.
pub fn compare_names(given: &PersonName, record: &PreparedName) -> Comparison {
    if given.expose().chars().flat_map(char::to_lowercase).eq(record.exact.chars()) {
        return Comparison::SAME;
    }
    compare_prepared(&PreparedName::new(given), record)
}

/// Compares two prepared names.
pub fn compare_prepared(given: &PreparedName, record: &PreparedName) -> Comparison {
    if given.exact == record.exact {
        return Comparison::SAME;
    }
    if given.foreign || record.foreign {
        return Comparison::new(Verdict::Mismatch, Reason::ForeignLetters);
    }
    if let Some(reason) = equivalence(given, record) {
        return Comparison::new(Verdict::Equivalent, reason);
    }
    match closeness(given, record) {
        Some(reason) => Comparison::new(Verdict::Close, reason),
        None => Comparison::new(Verdict::Mismatch, difference(given, record)),
    }
}

fn equivalence(given: &PreparedName, record: &PreparedName) -> Option<Reason> {
    if given.spelled == record.spelled {
        return Some(spelling_reason(&given.exact, &record.exact));
    }
    let plain = !given.diacritics;
    if plain && given.plain == record.plain {
        return Some(Reason::NoDiacritics);
    }
    if (given.has_punctuation() || record.has_punctuation()) && same_when_glued(given, record, plain) {
        return Some(if plain { Reason::NoDiacritics } else { Reason::ApostropheOrHyphen });
    }
    (given.is_one_word() && !record.is_one_word() && same_letters(given, record)).then_some(Reason::NoSpaces)
}

/// Which of the rules of spelling it takes to make the two equal.
fn spelling_reason(given: &str, record: &str) -> Reason {
    let tone = Folding { tone_placement: true, i_and_y: false };
    let i_and_y = Folding { tone_placement: false, i_and_y: true };
    let none = Folding { tone_placement: false, i_and_y: false };
    let same = |folding, part: fn(char) -> bool| spelled(given, folding, part) == spelled(record, folding, part);
    if same(tone, char::is_whitespace) {
        Reason::TonePlacement
    } else if same(i_and_y, char::is_whitespace) {
        Reason::IOrY
    } else if same(none, parts_words) {
        Reason::ApostropheOrHyphen
    } else {
        Reason::SpellingVariants
    }
}

/// Whether the names are one when apostrophes and the like join words instead of parting them.
fn same_when_glued(given: &PreparedName, record: &PreparedName, plain: bool) -> bool {
    let pick = |forms: (String, String)| if plain { forms.1 } else { forms.0 };
    let glued_given = pick(forms_of(&glue(&given.exact)));
    let glued_record = pick(forms_of(&glue(&record.exact)));
    let (given, record) = if plain { (&given.plain, &record.plain) } else { (&given.spelled, &record.spelled) };
    glued_given == glued_record || glued_given == **record || **given == glued_record
}

/// Whether the letters are the same when nothing parts them; of a given name without diacritics,
/// the letters without marks.
fn same_letters(given: &PreparedName, record: &PreparedName) -> bool {
    if given.diacritics {
        let letters = |c: &char| !parts_words(*c);
        return given.exact.chars().filter(letters).eq(record.exact.chars().filter(letters));
    }
    let mut letters = given.plain.chars().filter(|c| *c != ' ');
    for word in record.plain.split(' ') {
        let either = ends_in_i_or_y(word);
        let last = word.chars().count().saturating_sub(1);
        for (index, c) in word.chars().enumerate() {
            let same = match letters.next() {
                Some('y') if either && index == last => true,
                next => next == Some(c),
            };
            if !same {
                return false;
            }
        }
    }
    letters.next().is_none()
}

/// Whether the last vowel of a plain word was folded from *i* or *y*.
fn ends_in_i_or_y(word: &str) -> bool {
    let with_y = word.strip_suffix('i').map(|initial| format!("{initial}y"));
    with_y.is_some_and(|with_y| forms_of(&with_y).1 == word)
}

fn closeness(given: &PreparedName, record: &PreparedName) -> Option<Reason> {
    if same_letters(given, record) {
        return Some(Reason::Spacing);
    }
    if !record.diacritics && given.plain == record.plain {
        return Some(Reason::RecordWithoutDiacritics);
    }
    let plain = !given.diacritics;
    let (a, b) = (given.words(plain), record.words(plain));
    if a.len() != b.len() {
        return lacks_middle_name(&a, &b).then_some(Reason::MiddleNameMissing);
    }
    let mut differing = a.iter().zip(&b).enumerate().filter(|(_, (x, y))| x != y).map(|(index, _)| index);
    if let (Some(index), None) = (differing.next(), differing.next()) {
        return slip(given, record, index);
    }
    let sorted = |words: &[&str]| {
        let mut words = words.to_vec();
        words.sort_unstable();
        words.join(" ")
    };
    (sorted(&a) == sorted(&b)).then_some(Reason::TokenOrder)
}

/// Whether one name is the other with middle words left out.
fn lacks_middle_name(a: &[&str], b: &[&str]) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let mut rest = long.iter();
    short.len() >= 2
        && short.first() == long.first()
        && short.last() == long.last()
        && short.iter().all(|word| rest.any(|other| other == word))
}

/// What kind of slip makes the one differing word out of the other, if one slip does.
fn slip(given: &PreparedName, record: &PreparedName, index: usize) -> Option<Reason> {
    let pair = word_pair(given, record, index)?;
    let one_letter = [pair.plain.0, pair.plain.1].iter().any(|word| word.chars().count() == 1);
    let several_words = given.plain.contains(' ');
    if one_letter || are_never_one_name(pair.plain) || (index == 0 && several_words && are_two_families(pair)) {
        return None;
    }
    let (a, b) = if given.diacritics { pair.spelled } else { pair.plain };
    if pair.plain.0 == pair.plain.1 {
        Some(Reason::SyllableMarks)
    } else {
        is_one_edit(a, b).then_some(Reason::OneEdit)
    }
}

fn word_pair<'a>(given: &'a PreparedName, record: &'a PreparedName, index: usize) -> Option<WordPair<'a>> {
    let nth = |form: &'a str| form.split(' ').nth(index);
    Some(WordPair {
        spelled: (nth(&given.spelled)?, nth(&record.spelled)?),
        plain: (nth(&given.plain)?, nth(&record.plain)?),
    })
}

fn difference(given: &PreparedName, record: &PreparedName) -> Reason {
    match word_pair(given, record, 0) {
        Some(pair) if are_never_one_name(pair.plain) || are_two_families(pair) => Reason::SurnameDiffers,
        _ => Reason::NameDiffers,
    }
}

fn is_separator(c: char) -> bool {
    is_apostrophe(c) || is_hyphen(c) || matches!(c, '.' | ',')
}

fn parts_words(c: char) -> bool {
    c.is_whitespace() || is_separator(c)
}

/// The spelled and the plain form.
fn forms_of(text: &str) -> (String, String) {
    let (mut spelled, mut plain) = (String::with_capacity(text.len() + 8), String::with_capacity(text.len()));
    for word in text.split(parts_words).filter(|word| !word.is_empty()) {
        if !plain.is_empty() {
            spelled.push(' ');
            plain.push(' ');
        }
        let word = Word::parse(word);
        word.write_spelling(Folding::ALL, &mut spelled);
        word.write_plain(&mut plain);
    }
    (spelled, plain)
}

fn spelled(text: &str, folding: Folding, parts: fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for word in text.split(parts).filter(|word| !word.is_empty()) {
        Word::parse(word).write_spelling(folding, &mut out);
        out.push(' ');
    }
    out
}

/// Takes apostrophes and the like out, with the spaces beside them.
fn glue(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_separator = false;
    for c in text.chars() {
        if is_separator(c) {
            out.truncate(out.trim_end().len());
            after_separator = true;
        } else if !(after_separator && c == ' ') {
            out.push(c);
            after_separator = false;
        }
    }
    out
}
