//! Reading the card's text: seven fields (chip CCCD, since 2021) or more (Căn cước, since
//! 2024-07-01), separated by `|`.

use super::LookAlike;
use super::fields::{card_date, full_card_date, looks_like_shift_jis};
use crate::kernel::{CivilDate, Fault, Faults, IdNumber, LegacyIdNumber, PartialDate, PersonName, Sex, Text};
use unicode_normalization::UnicodeNormalization;

use crate::citizens::model::CardKind;

/// What the card's text says. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct CardText {
    pub id_number: IdNumber,
    pub legacy_id_number: Option<LegacyIdNumber>,
    pub full_name: PersonName,
    pub date_of_birth: PartialDate,
    pub sex: Sex,
    /// Free text of the old three levels, kept as it stands (NFC).
    pub address: String,
    pub issued: CivilDate,
    /// What follows the seventh field, as it stands; the law allows the cancelled number and the
    /// parents' names there, in an order not settled.
    pub extra: Vec<String>,
}

/// Why a text is not a card's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CardTextFault {
    /// The scanner guessed another encoding than UTF-8; its setting must be changed.
    #[error("the text was read in a wrong encoding")]
    WrongEncoding,
    /// Something else, known by name.
    #[error("not a card: {}", .0.code())]
    LookAlike(LookAlike),
    /// Fewer than seven fields: truncated, or nothing Dancu knows.
    #[error("{0} fields where a card has seven or more")]
    TooFewFields(usize),
    /// Longer than any card's text.
    #[error("the text is longer than any card's")]
    TooLong,
    /// Seven or more fields, some of them wrong; pointers are into `/payload` by field number.
    #[error("fields of the card's text are wrong")]
    Fields(Vec<Fault>),
}

impl CardText {
    /// Bytes; a card's text has under 500, a version 40 QR under 3 000.
    pub const MAX_BYTES: usize = 4_296;

    /// Reads what a scanner sent.
    pub fn parse(text: &str) -> Result<Self, CardTextFault> {
        if text.len() > Self::MAX_BYTES {
            return Err(CardTextFault::TooLong);
        }
        let text: String = text.trim_start_matches('\u{feff}').nfc().collect();
        if looks_like_shift_jis(&text) {
            return Err(CardTextFault::WrongEncoding);
        }
        if let Some(look_alike) = LookAlike::recognise(&text) {
            return Err(CardTextFault::LookAlike(look_alike));
        }
        let clean: String = text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\u{feff}')).collect();
        let fields: Vec<&str> = clean.split('|').map(str::trim).collect();
        if fields.len() < 7 {
            return Err(CardTextFault::TooFewFields(fields.len()));
        }
        Self::from_fields(&fields)
    }

    fn from_fields(fields: &[&str]) -> Result<Self, CardTextFault> {
        let mut faults = Faults::default();
        let id_number = faults.take("/payload/0", IdNumber::parse(fields[0]));
        let legacy_id_number = match fields[1] {
            "" => None,
            digits => faults.take("/payload/1", LegacyIdNumber::parse(digits)),
        };
        let full_name = faults.take("/payload/2", PersonName::parse(fields[2]));
        let date_of_birth = faults.take("/payload/3", card_date(fields[3]));
        let sex = Sex::from_card(fields[4]);
        if sex.is_none() {
            faults.push("/payload/4", "card_sex", Text::new("Giới tính phải là Nam hoặc Nữ.", "The sex is Nam or Nữ."));
        }
        let issued = faults.take("/payload/6", full_card_date(fields[6]));
        if let (Some(birth), Some(issued)) = (date_of_birth, issued)
            && issued < birth.earliest()
        {
            faults.push(
                "/payload/6",
                "issued_before_birth",
                Text::new("Ngày cấp trước ngày sinh.", "The card was issued before the birth."),
            );
        }
        let card = match (id_number, full_name, date_of_birth, sex, issued) {
            (Some(id_number), Some(full_name), Some(date_of_birth), Some(sex), Some(issued)) => Some(Self {
                id_number,
                legacy_id_number,
                full_name,
                date_of_birth,
                sex,
                address: fields[5].to_owned(),
                issued,
                extra: fields[7..].iter().map(|field| (*field).to_owned()).collect(),
            }),
            _ => None,
        };
        faults.or_value(card).map_err(|faults| CardTextFault::Fields(faults.into_vec()))
    }

    /// The kind of card, inferred from the issue date, since no field tells it: cards issued from
    /// 2024-07-01 are Căn cước (Law on Identity art. 46).
    pub fn kind(&self) -> CardKind {
        if (self.issued.year(), self.issued.month()) >= (2024, 7) { CardKind::CanCuoc } else { CardKind::Cccd }
    }
}

impl std::fmt::Debug for CardText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CardText(redacted)")
    }
}
