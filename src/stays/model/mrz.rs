//! The machine-readable zone of passports and cards (ICAO Doc 9303 parts 3 to 6).

use unicode_normalization::UnicodeNormalization;

use super::guest::{Document, TypedGuest};
use crate::kernel::{CivilDate, IdNumber, PartialDate, PersonName, Sex, Text};

/// Why a text is no machine-readable zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MrzFault {
    #[error("a machine-readable zone has two lines of 44 or 36 characters, or three of 30")]
    Shape,
    #[error("a machine-readable zone holds only A-Z, 0-9 and <")]
    Letters,
}

impl From<MrzFault> for (&'static str, Text) {
    fn from(fault: MrzFault) -> Self {
        match fault {
            MrzFault::Shape => (
                "mrz_shape",
                Text::new(
                    "Dòng máy đọc gồm 2 dòng 44 hoặc 36 ký tự, hoặc 3 dòng 30 ký tự.",
                    "A machine-readable zone has two lines of 44 or 36 characters, or three of 30.",
                ),
            ),
            MrzFault::Letters => (
                "mrz_letters",
                Text::new(
                    "Dòng máy đọc chỉ gồm A–Z, 0–9 và dấu <.",
                    "A machine-readable zone holds only A-Z, 0-9 and <.",
                ),
            ),
        }
    }
}

/// Where the parts of a layout stand, each as (line, first, length).
struct Layout {
    number: (usize, usize, usize),
    /// Where a longer number goes on (TD1 and TD2).
    optional: (usize, usize, usize),
    birth: (usize, usize, usize),
    sex: (usize, usize, usize),
    expiry: (usize, usize, usize),
    nationality: (usize, usize, usize),
    names: (usize, usize, usize),
    /// What the last check digit covers.
    composite: &'static [(usize, usize, usize)],
    composite_digit: (usize, usize, usize),
}

/// Passports (part 4).
const TD3: Layout = Layout {
    number: (1, 0, 9),
    optional: (1, 28, 14),
    birth: (1, 13, 6),
    sex: (1, 20, 1),
    expiry: (1, 21, 6),
    nationality: (1, 10, 3),
    names: (0, 5, 39),
    composite: &[(1, 0, 10), (1, 13, 7), (1, 21, 22)],
    composite_digit: (1, 43, 1),
};
/// Larger cards (part 6).
const TD2: Layout = Layout {
    optional: (1, 28, 7),
    names: (0, 5, 31),
    composite: &[(1, 0, 10), (1, 13, 7), (1, 21, 14)],
    composite_digit: (1, 35, 1),
    ..TD3
};
/// Cards (part 5).
const TD1: Layout = Layout {
    number: (0, 5, 9),
    optional: (0, 15, 15),
    birth: (1, 0, 6),
    sex: (1, 7, 1),
    expiry: (1, 8, 6),
    nationality: (1, 15, 3),
    names: (2, 0, 30),
    composite: &[(0, 5, 25), (1, 0, 7), (1, 8, 7), (1, 18, 11)],
    composite_digit: (1, 29, 1),
};

/// A machine-readable zone whose lines have the right shape; what it says may still be wrong.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mrz(Vec<String>);

impl Mrz {
    /// Reads two or three lines, separated by white space or run together.
    ///
    /// # Errors
    /// If it has another shape.
    pub fn parse(text: &str) -> Result<Self, MrzFault> {
        let joined: String = text.split_whitespace().collect::<String>().to_ascii_uppercase();
        if !joined.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'<') {
            return Err(MrzFault::Letters);
        }
        let width = match joined.len() {
            88 => 44,
            72 => 36,
            90 => 30,
            _ => return Err(MrzFault::Shape),
        };
        let line = |start: usize| joined[start..start + width].to_owned();
        Ok(Self((0..joined.len()).step_by(width).map(line).collect()))
    }

    fn layout(&self) -> &'static Layout {
        match (self.0.len(), self.0.first().map_or(0, String::len)) {
            (3, _) => &TD1,
            (_, 36) => &TD2,
            _ => &TD3,
        }
    }

    fn is_passport(&self) -> bool {
        self.0.first().is_some_and(|line| line.len() == 44)
    }

    fn part(&self, (line, first, length): (usize, usize, usize)) -> &str {
        self.0.get(line).and_then(|line| line.get(first..first + length)).unwrap_or_default()
    }

    /// The character after a part: its check digit.
    fn digit_after(&self, (line, first, length): (usize, usize, usize)) -> &str {
        self.part((line, first + length, 1))
    }

    /// Whether every check digit is right.
    pub fn is_sound(&self) -> bool {
        let layout = self.layout();
        let checked = |part| digit_fits(self.part(part), self.digit_after(part));
        let composite: String = layout.composite.iter().map(|part| self.part(*part)).collect();
        // The personal number of a passport has a digit of its own; an empty one may have a filler.
        let personal = !self.is_passport() || {
            let (personal, digit) = (self.part(layout.optional), self.digit_after(layout.optional));
            digit_fits(personal, digit) || (digit == "<" && personal.bytes().all(|c| c == b'<'))
        };
        let number = match self.long_number() {
            Some((number, digit)) => digit_fits(&number, &digit),
            None => checked(layout.number),
        };
        number
            && checked(layout.birth)
            && checked(layout.expiry)
            && personal
            && digit_fits(&composite, self.part(layout.composite_digit))
    }

    /// A number of more than nine characters goes on in the optional part, its digit last (part 5
    /// section 4.2.2 note j). The filler in the place of the digit is no part of it, so that the digit
    /// does not cover it.
    fn long_number(&self) -> Option<(String, String)> {
        let layout = self.layout();
        if self.is_passport() || self.digit_after(layout.number) != "<" {
            return None;
        }
        let rest = self.part(layout.optional).split('<').next().unwrap_or_default();
        let (more, digit) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
        Some((format!("{}{more}", self.part(layout.number)), digit.to_owned()))
    }

    /// The personal number on a card of Viet Nam: its document number is the last nine digits of it, and
    /// all twelve stand in the optional part.
    pub fn personal_number(&self) -> Option<IdNumber> {
        let card = self.0.len() == 3 && self.part((0, 2, 3)) == "VNM";
        let number = self.part(TD1.optional).get(..12).filter(|_| card)?;
        IdNumber::parse(number).ok().or_else(|| IdNumber::parse(&self.document_number()).ok())
    }

    /// The document's number without fillers.
    pub fn document_number(&self) -> String {
        let number = match self.long_number() {
            Some((number, _)) => number,
            None => self.part(self.layout().number).to_owned(),
        };
        number.replace('<', "")
    }

    /// The name as a reader gives it: the surname first, as passports of most countries and names here
    /// have it.
    pub fn full_name(&self) -> Option<PersonName> {
        let words = self.part(self.layout().names).split('<').filter(|word| !word.is_empty());
        PersonName::parse(&words.collect::<Vec<_>>().join(" ")).ok()
    }

    /// The birth date of somebody who was born by `today`: the zone has two digits of the year. What is
    /// filled up is unknown.
    pub fn date_of_birth(&self, today: CivilDate) -> Option<PartialDate> {
        let two = |from: usize| self.part(self.layout().birth).get(from..from + 2);
        let (year, month, day) = (two(0)?.parse::<i16>().ok()?, two(2)?, two(4)?);
        let of = |century: i16| {
            let parts = [format!("{:04}", century + year), month.to_owned(), day.to_owned()];
            let known = parts.iter().take_while(|part| *part != "<<");
            PartialDate::parse(&known.cloned().collect::<Vec<_>>().join("-")).ok()
        };
        of(2000).filter(|date| date.earliest() <= today).or_else(|| of(1900))
    }

    /// ISO 3166-1 alpha-3; Germany's `D` as `DEU`.
    pub fn nationality(&self) -> String {
        match self.part(self.layout().nationality).trim_end_matches('<') {
            "D" => "DEU".to_owned(),
            code => code.to_owned(),
        }
    }

    pub fn sex(&self) -> Option<Sex> {
        self.part(self.layout().sex).chars().next().and_then(Sex::from_mrz)
    }

    /// Whether the document had expired on `day`; what cannot be read has not.
    pub fn had_expired_on(&self, day: CivilDate) -> bool {
        let two = |from: usize| self.part(self.layout().expiry).get(from..from + 2)?.parse::<i16>().ok();
        let date = || CivilDate::new(2000 + two(0)?, i8::try_from(two(2)?).ok()?, i8::try_from(two(4)?).ok()?);
        date().is_some_and(|expiry| expiry < day)
    }

    /// Whether it says the same as what was typed.
    pub fn agrees_with(&self, typed: &TypedGuest) -> bool {
        let number = typed.document.as_ref().is_none_or(|document| self.is_number(document));
        let sex = match (typed.sex, self.sex()) {
            (Some(Sex::Unknown) | None, _) | (_, Some(Sex::Unknown) | None) => true,
            (given, said) => given == said,
        };
        number
            && sex
            && typed.nationality == self.nationality()
            && self.is_birth(typed.date_of_birth)
            && self.is_name(typed.full_name.expose())
    }

    /// A card of Viet Nam is known by its holder's number, and has a number of its own in the zone alone.
    fn is_number(&self, document: &Document) -> bool {
        let given = plain(&document.number);
        given == self.document_number() || self.personal_number().is_some_and(|number| number.expose() == given)
    }

    /// Unknown parts of a birth date are fillers.
    fn is_birth(&self, date: PartialDate) -> bool {
        let said = self.part(self.layout().birth);
        let two = |number: Option<i16>| number.map(|number| format!("{:02}", number.rem_euclid(100)));
        let given = [two(Some(date.year())), two(date.month().map(i16::from)), two(date.day().map(i16::from))];
        given.iter().enumerate().all(|(place, given)| {
            let said = said.get(2 * place..2 * place + 2).unwrap_or_default();
            given.as_deref().is_none_or(|given| given == said || said == "<<")
        })
    }

    /// The same words in any order; a name cut off at the end of its line must only begin so. A name in
    /// other letters than Latin ones cannot be compared.
    fn is_name(&self, name: &str) -> bool {
        let said = self.part(self.layout().names);
        let cut = !said.ends_with('<');
        let mut said: Vec<&str> = said.split('<').filter(|word| !word.is_empty()).collect();
        said.sort_unstable();
        [fold(name, false), fold(name, true)].into_iter().any(|folded| {
            let Some(folded) = folded else { return true };
            let mut words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
            words.sort_unstable();
            words == said
                || words.concat() == said.concat()
                || (cut && said.iter().all(|word| words.iter().any(|given| given.starts_with(word))))
        })
    }
}

/// Weights 7, 3, 1 over the characters' values, modulo ten (part 3 section 4.9).
fn digit_fits(text: &str, digit: &str) -> bool {
    let value = |c: u8| match c {
        b'0'..=b'9' => u32::from(c - b'0'),
        b'A'..=b'Z' => u32::from(c - b'A') + 10,
        _ => 0,
    };
    let sum: u32 = text.bytes().zip([7, 3, 1].into_iter().cycle()).map(|(c, weight)| value(c) * weight).sum();
    digit.parse() == Ok(sum % 10)
}

fn plain(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// A name as the zone writes it: capitals without marks, by the short or the long transliteration
/// (part 3 section 6); `None` if it has letters of another script.
fn fold(name: &str, long: bool) -> Option<String> {
    let mut folded = String::with_capacity(name.len());
    for c in name.nfc().flat_map(char::to_uppercase) {
        let written = match c {
            'Đ' | 'Ð' => "D",
            'ẞ' => "SS",
            'Æ' => "AE",
            'Œ' => "OE",
            'Þ' => "TH",
            'Ł' => "L",
            'Ø' => {
                if long {
                    "OE"
                } else {
                    "O"
                }
            }
            'Ä' if long => "AE",
            'Ö' if long => "OE",
            'Ü' if long => "UE",
            'Å' if long => "AA",
            _ => "",
        };
        if !written.is_empty() {
            folded.push_str(written);
            continue;
        }
        for c in c.nfd() {
            match c {
                'A'..='Z' => folded.push(c),
                '\'' | '’' | '.' => {}
                ' ' | '-' | ',' => folded.push(' '),
                c if c.is_alphabetic() => return None,
                _ => {}
            }
        }
    }
    Some(folded)
}

impl std::fmt::Debug for Mrz {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mrz(redacted)")
    }
}

#[cfg(test)]
mod tests;
