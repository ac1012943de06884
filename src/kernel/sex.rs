//! Sex, with one mapping for each source that writes it differently (domain: four code systems).

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Male,
    Female,
    Unknown,
}

impl Sex {
    /// The word on the identity card: `Nam` or `Nữ`, in any case and Unicode form.
    pub fn from_card(text: &str) -> Option<Self> {
        use unicode_normalization::UnicodeNormalization;
        match text.trim().nfc().collect::<String>().to_lowercase().as_str() {
            "nam" => Some(Self::Male),
            "nữ" => Some(Self::Female),
            _ => None,
        }
    }

    /// The word printed on the card; `None` for unknown.
    pub const fn card_word(self) -> Option<&'static str> {
        match self {
            Self::Male => Some("Nam"),
            Self::Female => Some("Nữ"),
            Self::Unknown => None,
        }
    }

    /// QCVN 109: 0 unknown, 1 male, 2 female.
    pub const fn from_qcvn109(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Unknown),
            1 => Some(Self::Male),
            2 => Some(Self::Female),
            _ => None,
        }
    }

    /// e-ID app: 1 unknown, 2 male, 3 female, 4 other.
    pub const fn from_eid_app(code: u8) -> Option<Self> {
        match code {
            1 | 4 => Some(Self::Unknown),
            2 => Some(Self::Male),
            3 => Some(Self::Female),
            _ => None,
        }
    }

    /// ICAO 9303 machine-readable zone: `M`, `F`, `<`.
    pub const fn from_mrz(code: char) -> Option<Self> {
        match code {
            'M' => Some(Self::Male),
            'F' => Some(Self::Female),
            '<' => Some(Self::Unknown),
            _ => None,
        }
    }

    /// Lodging file: `M`, `F`, `U`.
    pub const fn from_lodging_file(code: char) -> Option<Self> {
        match code {
            'M' => Some(Self::Male),
            'F' => Some(Self::Female),
            'U' => Some(Self::Unknown),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_words_in_any_case_and_form() {
        assert_eq!(Sex::from_card("NỮ"), Some(Sex::Female));
        assert_eq!(Sex::from_card("Nu\u{31b}\u{303}"), Some(Sex::Female));
        assert_eq!(Sex::from_card(" nam "), Some(Sex::Male));
        assert_eq!(Sex::from_card("M"), None);
    }

    #[test]
    fn the_sources_disagree_on_two_and_three() {
        assert_eq!(Sex::from_qcvn109(2), Some(Sex::Female));
        assert_eq!(Sex::from_eid_app(2), Some(Sex::Male));
        assert_eq!(Sex::from_eid_app(3), Some(Sex::Female));
    }
}
