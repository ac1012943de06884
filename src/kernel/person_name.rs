//! Names as they were written. Comparing them is `citizens::matching`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::Text;

/// A person's full name: NFC, 1–200 characters, white space trimmed and runs of it folded to one
/// space, nothing else changed. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(Box<str>);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    #[error("the name is empty")]
    Empty,
    #[error("the name has more than 200 characters")]
    TooLong,
    #[error("the name holds a character that no name has")]
    Character,
}

impl From<NameFault> for (&'static str, Text) {
    fn from(fault: NameFault) -> Self {
        match fault {
            NameFault::Empty => ("name_empty", Text::new("Họ tên không được để trống.", "The name must not be empty.")),
            NameFault::TooLong => {
                ("name_too_long", Text::new("Họ tên dài quá 200 ký tự.", "The name has more than 200 characters."))
            }
            NameFault::Character => (
                "name_character",
                Text::new("Họ tên chứa ký tự không hợp lệ.", "The name holds a character that no name has."),
            ),
        }
    }
}

impl PersonName {
    pub const MAX_CHARS: usize = 200;

    /// Letters, marks, spaces, full stop, comma and the kinds of apostrophe and hyphen that
    /// ethnic-minority and foreign names carry.
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        if is_plainly_a_name(text) {
            return Ok(Self(text.into()));
        }
        let mut name = String::with_capacity(text.len());
        for word in text.split_whitespace() {
            if !name.is_empty() {
                name.push(' ');
            }
            match is_nfc_quick(word.chars()) {
                IsNormalized::Yes => name.push_str(word),
                _ => name.extend(word.nfc()),
            }
            if name.len() > Self::MAX_CHARS * 4 {
                return Err(NameFault::TooLong);
            }
        }
        if name.is_empty() {
            return Err(NameFault::Empty);
        }
        if name.chars().count() > Self::MAX_CHARS {
            return Err(NameFault::TooLong);
        }
        if !name.chars().all(is_name_character) || !name.chars().any(char::is_alphabetic) {
            return Err(NameFault::Character);
        }
        Ok(Self(name.into()))
    }

    /// The name. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether the text is a name to be kept as it is: words of Latin letters that are composed already,
/// as nearly all names are, one space between two. What this does not see is looked at more closely.
fn is_plainly_a_name(text: &str) -> bool {
    let words = || text.split(' ');
    text.len() <= PersonName::MAX_CHARS && words().all(|word| !word.is_empty() && word.chars().all(is_composed_latin))
}

/// ASCII letters, Latin-1 Supplement, Latin Extended-A and -B, and the letters of Vietnamese.
fn is_composed_latin(c: char) -> bool {
    let composed = matches!(c, '\u{c0}'..='\u{24f}' | '\u{1ea0}'..='\u{1ef9}') && !matches!(c, '\u{d7}' | '\u{f7}');
    c.is_ascii_alphabetic() || composed
}

fn is_name_character(c: char) -> bool {
    c.is_alphabetic()
        || unicode_normalization::char::is_combining_mark(c)
        || matches!(
            c,
            ' ' | '.'
                | ','
                | '\''
                | '\u{2019}'
                | '\u{2018}'
                | '\u{02bc}'
                | '`'
                | '\u{00b4}'
                | '-'
                | '\u{2010}'
                | '\u{2011}'
                | '\u{2013}'
        )
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(redacted)")
    }
}

impl Serialize for PersonName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PersonName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_spelling_and_folds_only_space_and_form() {
        let name = PersonName::parse("  H' Test   Êban ").unwrap();
        assert_eq!(name.expose(), "H' Test Êban");
        assert_eq!(PersonName::parse("E\u{302}ban").unwrap().expose(), "Êban");
        assert_eq!(PersonName::parse("Y").unwrap().expose(), "Y");
    }

    #[test]
    fn refuses_what_no_name_holds() {
        assert_eq!(PersonName::parse(" "), Err(NameFault::Empty));
        assert_eq!(PersonName::parse("An 2"), Err(NameFault::Character));
        assert_eq!(PersonName::parse("An\u{0}"), Err(NameFault::Character));
        assert_eq!(PersonName::parse("- '"), Err(NameFault::Character));
        assert_eq!(PersonName::parse(&"a".repeat(201)), Err(NameFault::TooLong));
    }

    #[test]
    fn what_is_plainly_a_name_is_one_on_closer_look_too() {
        for c in ('\0'..='\u{2fff}').filter(|c| is_composed_latin(*c)) {
            assert!(is_name_character(c) && c.is_alphabetic(), "{c:?}");
            assert!(c.to_string().nfc().eq([c]), "{c:?}");
        }
        assert!(is_plainly_a_name("Nguyễn Thị Thuý Đặng"));
        for text in
            ["", " ", "An ", " An", "An  Bình", "H'Hen", "E\u{302}ban", "An 2", "An\u{a0}Bình", &"a".repeat(201)]
        {
            assert!(!is_plainly_a_name(text), "{text:?}");
        }
    }

    #[test]
    fn debug_is_redacted() {
        assert_eq!(format!("{:?}", PersonName::parse("Nguyễn").unwrap()), "PersonName(redacted)");
    }
}
