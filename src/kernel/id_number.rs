//! Personal identification numbers and the older CMND numbers.
//!
//! Sources: Decree 137/2015 art. 13, Circular 59/2021/TT-BCA art. 4, Law on Identity art. 12.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

use super::{PartialDate, Sex, Text};

/// Why a text is not a number of the expected form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberFault {
    #[error("the number must have exactly 12 digits")]
    NotTwelveDigits,
    #[error("the number must have exactly 9 digits")]
    NotNineDigits,
}

impl From<NumberFault> for (&'static str, Text) {
    fn from(fault: NumberFault) -> Self {
        match fault {
            NumberFault::NotTwelveDigits => (
                "id_number_format",
                Text::new(
                    "Số định danh cá nhân phải có đúng 12 chữ số.",
                    "A personal identification number has exactly 12 digits.",
                ),
            ),
            NumberFault::NotNineDigits => (
                "legacy_id_number_format",
                Text::new("Số CMND phải có đúng 9 chữ số.", "A CMND number has exactly 9 digits."),
            ),
        }
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $length:literal, $fault:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Reads exactly the digits; surrounding white space is not forgiven.
            pub fn parse(text: &str) -> Result<Self, NumberFault> {
                let digits: [u8; $length] = text.as_bytes().try_into().map_err(|_| NumberFault::$fault)?;
                if digits.iter().all(u8::is_ascii_digit) {
                    Ok(Self(digits))
                } else {
                    Err(NumberFault::$fault)
                }
            }

            /// The digits. Whoever calls this answers for where they go.
            pub fn expose(&self) -> &str {
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.0.zeroize();
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.expose())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

number!(
    /// A personal identification number (*số định danh cá nhân*): 12 digits. Its `Debug` is
    /// redacted; it serialises in clear, into bodies and sealed records only.
    IdNumber, 12, NotTwelveDigits
);
number!(
    /// An old CMND number: 9 digits. It may not be unique, so it is never a sole key.
    LegacyIdNumber, 9, NotNineDigits
);

/// A number that the population data know somebody by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnchorNumber {
    Personal(IdNumber),
    /// A CMND may belong to several people, so it anchors only where one of them fits.
    Legacy(LegacyIdNumber),
}

/// What a number was called where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberLabel {
    Personal,
    Legacy,
    /// The number of a passport, a licence, a certificate, or of a paper without a name.
    Other,
}

impl AnchorNumber {
    /// The number, if it is one of a citizen's: the one place where that is decided, for every door that takes
    /// numbers of papers. What is not one is never compared with citizens.
    ///
    /// Twelve digits that [have the shape](IdNumber::has_shape) of a personal number are one whatever they are
    /// called: else who calls somebody's number a passport could ask about them uncounted. Nine are one if they are
    /// called a CMND or their holder is Vietnamese: passports of several countries have nine digits too.
    pub fn recognise(digits: &str, label: NumberLabel, holder_is_vietnamese: bool) -> Option<Self> {
        if let Ok(number) = IdNumber::parse(digits) {
            return (label == NumberLabel::Personal || number.has_shape()).then_some(Self::Personal(number));
        }
        let legacy = LegacyIdNumber::parse(digits).ok()?;
        (label == NumberLabel::Legacy || holder_is_vietnamese).then_some(Self::Legacy(legacy))
    }
}

/// What a number says that other facts contradict. Warnings, never rejections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberWarning {
    /// The prefix is neither a province's nor in the range of countries.
    NumberPrefixUnknown,
    /// The fourth digit says another sex.
    NumberSexDiffers,
    /// The fourth to sixth digits say another year of birth.
    NumberBirthYearDiffers,
}

impl IdNumber {
    fn digit(&self, index: usize) -> u16 {
        u16::from(self.0[index] - b'0')
    }

    /// Digits 1–3: the province or country where the birth was registered.
    pub fn prefix(&self) -> u16 {
        self.digit(0) * 100 + self.digit(1) * 10 + self.digit(2)
    }

    /// Whether the digits can be those of a personal number and of nothing else by their look: the first three are a
    /// province's (001 to 096) or a country's (000, 101 to 295), or of the few between them that nobody has yet.
    /// The table of countries is not settled, so no gap within it counts; digits 4 to 6 name a century, a sex and a
    /// year whatever they are, and what they contradict is a warning.
    pub fn has_shape(&self) -> bool {
        self.prefix() <= LAST_COUNTRY_PREFIX
    }

    /// The sex digit 4 states: even male, odd female.
    pub fn stated_sex(&self) -> Sex {
        if self.digit(3).is_multiple_of(2) { Sex::Male } else { Sex::Female }
    }

    /// The year of birth digits 4–6 state, 1900–2399.
    pub fn stated_birth_year(&self) -> i16 {
        (1900 + 100 * (self.digit(3) / 2) + self.digit(4) * 10 + self.digit(5)) as i16
    }

    /// What the number contradicts.
    pub fn warnings(&self, sex: Sex, birth: PartialDate) -> Vec<NumberWarning> {
        let mut warnings = Vec::new();
        let prefix = self.prefix();
        let country = prefix == 0 || (101..=LAST_COUNTRY_PREFIX).contains(&prefix);
        if !country && !PROVINCE_PREFIXES.contains(&prefix) {
            warnings.push(NumberWarning::NumberPrefixUnknown);
        }
        if sex != Sex::Unknown && sex != self.stated_sex() {
            warnings.push(NumberWarning::NumberSexDiffers);
        }
        if birth.year() != self.stated_birth_year() {
            warnings.push(NumberWarning::NumberBirthYearDiffers);
        }
        warnings
    }
}

/// The last of the prefixes of countries (Circular 59/2021/TT-BCA).
const LAST_COUNTRY_PREFIX: u16 = 295;

/// The 63 prefixes of provinces as they stood until 2025; valid for ever in numbers.
pub const PROVINCE_PREFIXES: [u16; 63] = [
    1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42, 44, 45,
    46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87, 89, 91, 92,
    93, 94, 95, 96,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_digits_state() {
        let number = IdNumber::parse("098300000002").unwrap();
        assert_eq!(number.prefix(), 98);
        assert_eq!(number.stated_sex(), Sex::Female);
        assert_eq!(number.stated_birth_year(), 2000);
        let date = PartialDate::parse("2000-01-01").unwrap();
        assert_eq!(number.warnings(Sex::Female, date), [NumberWarning::NumberPrefixUnknown]);
        assert_eq!(number.warnings(Sex::Male, PartialDate::parse("1999").unwrap()).len(), 3);
    }

    #[test]
    fn refuses_all_but_twelve_ascii_digits() {
        for bad in ["", "09830000000", "0983000000022", "09830000000a", " 98300000002", "٠98300000002"] {
            assert!(IdNumber::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_of_papers_are_citizens_by_their_shape_their_name_or_their_holder() {
        use NumberLabel::{Legacy, Other, Personal};
        let kind = |digits: &str, label, vietnamese| match AnchorNumber::recognise(digits, label, vietnamese) {
            Some(AnchorNumber::Personal(_)) => 12,
            Some(AnchorNumber::Legacy(_)) => 9,
            None => 0,
        };
        for shaped in ["001199000001", "000099000001", "099090000814", "100499000001", "295999999999"] {
            for label in [Personal, Legacy, Other] {
                assert_eq!((kind(shaped, label, true), kind(shaped, label, false)), (12, 12), "{shaped} {label:?}");
            }
        }
        // A driving licence of Hồ Chí Minh City begins with 79.
        for licence in ["790123456789", "296000000000", "999999999999"] {
            assert_eq!((kind(licence, Other, true), kind(licence, Personal, true)), (0, 12), "{licence}");
        }
        let nine = |label, vietnamese| kind("123456789", label, vietnamese);
        assert_eq!([nine(Legacy, false), nine(Legacy, true), nine(Other, true), nine(Other, false)], [9, 9, 9, 0]);
        for other in ["", "12345678", "1234567890", "12345678A", "09909000081", "0990900008145", "099-090-00081"] {
            assert_eq!((kind(other, Legacy, true), kind(other, Personal, true)), (0, 0), "{other}");
        }
    }

    #[test]
    fn debug_shows_no_digit() {
        let shown = format!("{:?}", IdNumber::parse("098300000002").unwrap());
        assert_eq!(shown, "IdNumber(redacted)");
    }
}
