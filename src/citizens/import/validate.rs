//! From a row as written to a citizen, or to everything that is wrong with it.

use std::collections::BTreeMap;

use serde::de::value::{Error as CodeError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use validator::{ValidateEmail, ValidateLength};

use crate::citizens::Citizen;
use crate::citizens::model::{Card, MaritalStatus, Membership, Photo, Place, Provenance, Relative, Residence, Status};
use crate::kernel::units::{CommuneCode, Units};
use crate::kernel::{
    Attribute, CitizenId, CivilDate, Faults, HouseholdId, IdNumber, LegacyIdNumber, PartialDate, PersonName, Sex,
};

use super::faults::{
    CANCELLED, CODE, EMAIL, FUTURE, HOUSEHOLD, LENGTH, MISSING, NOT_LIST, NOT_OBJECT, NOT_TEXT, ORDER, PHONE, PHOTO,
    SELF, STATUS, Said, UNIT, UNKNOWN,
};
use super::raw::{
    Leaf, List, RawCard, RawCitizen, RawHousehold, RawPhoto, RawPlace, RawProvenance, RawRelative, RawResidence,
    RawSources,
};

const LONGEST_TEXT: u64 = 300;
const LONGEST_PHOTO: u64 = 400_000;

/// Where a fault is.
#[derive(Clone, Copy)]
enum At {
    Root,
    In(&'static str),
    Item(&'static str, usize),
}

impl At {
    fn pointer(self, field: &str) -> String {
        match self {
            Self::Root => format!("/{field}"),
            Self::In(object) if field.is_empty() => format!("/{object}"),
            Self::In(object) => format!("/{object}/{field}"),
            Self::Item(list, index) if field.is_empty() => format!("/{list}/{index}"),
            Self::Item(list, index) => format!("/{list}/{index}/{field}"),
        }
    }
}

/// Reads fields and gathers what is wrong.
struct Reading {
    faults: Faults,
    today: CivilDate,
}

/// The citizen a row describes, under the key given.
///
/// # Errors
/// Every fault of the row, by pointer.
pub fn validate(raw: &RawCitizen<'_>, key: CitizenId, today: CivilDate) -> Result<Citizen, Faults> {
    let mut reading = Reading { faults: Faults::default(), today };
    let citizen = reading.citizen(raw, key);
    if let Some(citizen) = &citizen {
        reading.cross_check(citizen);
    }
    reading.faults.or_value(citizen)
}

impl Reading {
    fn say(&mut self, at: At, field: &str, (code, text): Said) {
        self.faults.push(at.pointer(field), code, text);
    }

    fn text<'l>(&mut self, at: At, field: &str, leaf: &'l Leaf<'_>) -> Option<&'l str> {
        match leaf {
            Leaf::Absent => None,
            Leaf::Text(text) => Some(text),
            Leaf::Wrong => {
                self.say(at, field, NOT_TEXT);
                None
            }
        }
    }

    fn read<T, E: Into<Said>>(
        &mut self,
        at: At,
        field: &str,
        leaf: &Leaf<'_>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.text(at, field, leaf)?) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.say(at, field, fault.into());
                None
            }
        }
    }

    fn need<T, E: Into<Said>>(
        &mut self,
        at: At,
        field: &str,
        leaf: &Leaf<'_>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        if *leaf == Leaf::Absent {
            self.say(at, field, MISSING);
        }
        self.read(at, field, leaf, parse)
    }

    /// Notes what is no object and members nobody knows; whether there is an object to read.
    fn shape(&mut self, at: At, wrong: bool, unknown: &[String]) -> bool {
        if wrong {
            self.say(at, "", NOT_OBJECT);
        }
        for name in unknown {
            self.say(at, name, UNKNOWN);
        }
        !wrong
    }

    fn past(&mut self, at: At, field: &str, date: Option<CivilDate>) {
        if date.is_some_and(|date| date > self.today) {
            self.say(at, field, FUTURE);
        }
    }

    fn citizen(&mut self, raw: &RawCitizen<'_>, citizen_id: CitizenId) -> Option<Citizen> {
        let root = At::Root;
        for name in &raw.unknown {
            self.say(root, name, UNKNOWN);
        }
        let id_number = self.need(root, "id_number", &raw.id_number, IdNumber::parse);
        let full_name = self.need(root, "full_name", &raw.full_name, PersonName::parse);
        let date_of_birth = self.need(root, "date_of_birth", &raw.date_of_birth, PartialDate::parse);
        let sex = self.need(root, "sex", &raw.sex, sex);
        let provenance = self.provenance(At::In("provenance"), &raw.provenance);
        let cancelled_id_numbers = self.numbers(&raw.cancelled_id_numbers);
        let parents = self.relatives("parents", &raw.parents);
        let children = self.relatives("children", &raw.children);
        let citizen = Citizen {
            cancelled_id_numbers,
            legacy_id_number: self.read(root, "legacy_id_number", &raw.legacy_id_number, LegacyIdNumber::parse),
            other_name: self.read(root, "other_name", &raw.other_name, PersonName::parse),
            place_of_birth: self.place("place_of_birth", &raw.place_of_birth),
            place_of_birth_registration: self.place("place_of_birth_registration", &raw.place_of_birth_registration),
            place_of_origin: self.place("place_of_origin", &raw.place_of_origin),
            ethnicity: self.read(root, "ethnicity", &raw.ethnicity, |text| shaped(text, 2, u8::is_ascii_digit)),
            religion: self.read(root, "religion", &raw.religion, free_text),
            nationality: self
                .read(root, "nationality", &raw.nationality, |text| shaped(text, 3, u8::is_ascii_uppercase)),
            blood_group: self.read(root, "blood_group", &raw.blood_group, code),
            marital_status: self
                .read(root, "marital_status", &raw.marital_status, code)
                .unwrap_or(MaritalStatus::Unknown),
            permanent_residence: self.residence("permanent_residence", &raw.permanent_residence),
            temporary_residence: self.residence("temporary_residence", &raw.temporary_residence),
            current_residence: self.residence("current_residence", &raw.current_residence),
            temporary_absence: self.residence("temporary_absence", &raw.temporary_absence),
            household: self.household(&raw.household),
            parents,
            spouse: self.relative(At::In("spouse"), &raw.spouse),
            children,
            representative: self.relative(At::In("representative"), &raw.representative),
            card: self.card(&raw.card),
            photo: self.photo(&raw.photo),
            phone: self.read(root, "phone", &raw.phone, phone),
            email: self.read(root, "email", &raw.email, email),
            status: self.read(root, "status", &raw.status, code).unwrap_or(Status::Alive),
            status_date: self.read(root, "status_date", &raw.status_date, PartialDate::parse),
            provenance_of: self.sources(&raw.provenance_of),
            citizen_id,
            id_number: id_number?,
            full_name: full_name?,
            date_of_birth: date_of_birth?,
            sex: sex?,
            provenance: provenance?,
        };
        Some(citizen)
    }

    /// What no field shows alone.
    fn cross_check(&mut self, citizen: &Citizen) {
        let born = citizen.date_of_birth.earliest();
        self.past(At::Root, "date_of_birth", Some(born));
        self.past(At::Root, "status_date", citizen.status_date.map(PartialDate::earliest));
        if citizen.status_date.is_some_and(|date| date.latest() < born) {
            self.say(At::Root, "status_date", ORDER);
        }
        if citizen.status == Status::Alive && citizen.status_date.is_some() {
            self.say(At::Root, "status_date", STATUS);
        }
        if citizen.card.as_ref().is_some_and(|card| card.issued < born) {
            self.say(At::In("card"), "issued", ORDER);
        }
        if citizen.cancelled_id_numbers.contains(&citizen.id_number) {
            self.say(At::Root, "cancelled_id_numbers", CANCELLED);
        }
        let mut not_self = |at: At, relative: &Relative| {
            if relative.id_number.as_ref() == Some(&citizen.id_number) {
                self.say(at, "id_number", SELF);
            }
        };
        citizen.parents.iter().enumerate().for_each(|(index, parent)| not_self(At::Item("parents", index), parent));
        citizen.children.iter().enumerate().for_each(|(index, child)| not_self(At::Item("children", index), child));
        citizen.spouse.iter().for_each(|spouse| not_self(At::In("spouse"), spouse));
    }

    fn numbers(&mut self, raw: &List<Leaf<'_>>) -> Vec<IdNumber> {
        let List::Items(items) = raw else {
            self.say(At::Root, "cancelled_id_numbers", NOT_LIST);
            return Vec::new();
        };
        let at = |index| At::Item("cancelled_id_numbers", index);
        items.iter().enumerate().filter_map(|(index, item)| self.need(at(index), "", item, IdNumber::parse)).collect()
    }

    fn relatives(&mut self, list: &'static str, raw: &List<RawRelative<'_>>) -> Vec<Relative> {
        let List::Items(items) = raw else {
            self.say(At::Root, list, NOT_LIST);
            return Vec::new();
        };
        let read = |(index, item): (usize, &RawRelative<'_>)| {
            let at = At::Item(list, index);
            if *item == RawRelative::default() {
                self.say(at, "", MISSING);
            }
            self.relative(at, item)
        };
        items.iter().enumerate().filter_map(read).collect()
    }

    fn relative(&mut self, at: At, raw: &RawRelative<'_>) -> Option<Relative> {
        if *raw == RawRelative::default() || !self.shape(at, raw.wrong, &raw.unknown) {
            return None;
        }
        let id_number = self.read(at, "id_number", &raw.id_number, IdNumber::parse);
        Some(Relative { full_name: self.need(at, "full_name", &raw.full_name, PersonName::parse)?, id_number })
    }

    fn place(&mut self, field: &'static str, raw: &RawPlace<'_>) -> Option<Place> {
        let at = At::In(field);
        if *raw == RawPlace::default() || !self.shape(at, raw.wrong, &raw.unknown) {
            return None;
        }
        let unit = self.read(at, "unit", &raw.unit, unit);
        let text = self.read(at, "text", &raw.text, free_text);
        Some(Place { unit, text })
    }

    fn residence(&mut self, field: &'static str, raw: &RawResidence<'_>) -> Option<Residence> {
        let at = At::In(field);
        if *raw == RawResidence::default() || !self.shape(at, raw.wrong, &raw.unknown) {
            return None;
        }
        let since = self.read(at, "since", &raw.since, CivilDate::parse);
        let until = self.read(at, "until", &raw.until, CivilDate::parse);
        if since.zip(until).is_some_and(|(since, until)| until < since) {
            self.say(at, "until", ORDER);
        }
        let detail = self.read(at, "detail", &raw.detail, free_text);
        Some(Residence { unit: self.need(at, "unit", &raw.unit, unit)?, detail, since, until })
    }

    fn household(&mut self, raw: &RawHousehold<'_>) -> Option<Membership> {
        let at = At::In("household");
        if *raw == RawHousehold::default() || !self.shape(at, raw.wrong, &raw.unknown) {
            return None;
        }
        let key = |text: &str| text.parse::<HouseholdId>().map_err(|_| HOUSEHOLD);
        let household_id = self.need(at, "household_id", &raw.household_id, key);
        let relation_to_head = self.need(at, "relation_to_head", &raw.relation_to_head, code);
        Some(Membership { household_id: household_id?, relation_to_head: relation_to_head? })
    }

    fn card(&mut self, raw: &RawCard<'_>) -> Option<Card> {
        let at = At::In("card");
        if *raw == RawCard::default() || !self.shape(at, raw.wrong, &raw.unknown) {
            return None;
        }
        let kind = self.need(at, "kind", &raw.kind, code);
        let issued = self.need(at, "issued", &raw.issued, CivilDate::parse);
        let expires = self.read(at, "expires", &raw.expires, CivilDate::parse);
        let place = self.read(at, "place", &raw.place, free_text);
        self.past(at, "issued", issued);
        if issued.zip(expires).is_some_and(|(issued, expires)| expires < issued) {
            self.say(at, "expires", ORDER);
        }
        Some(Card { kind: kind?, issued: issued?, expires, place })
    }

    fn photo(&mut self, raw: &RawPhoto<'_>) -> Option<Photo> {
        let at = At::In("photo");
        if *raw == RawPhoto::default() || !self.shape(at, raw.wrong, &raw.unknown) {
            return None;
        }
        let media_type = self.need(at, "media_type", &raw.media_type, |text| match text {
            "image/jpeg" | "image/webp" => Ok(text.to_owned()),
            _ => Err(PHOTO),
        });
        let data = self.need(at, "data", &raw.data, photo_data);
        Some(Photo { media_type: media_type?, data: data? })
    }

    fn provenance(&mut self, at: At, raw: &RawProvenance<'_>) -> Option<Provenance> {
        if !self.shape(at, raw.wrong, &raw.unknown) {
            return None;
        }
        let source = self.need(at, "source", &raw.source, source);
        let as_of = self.need(at, "as_of", &raw.as_of, CivilDate::parse);
        self.past(at, "as_of", as_of);
        Some(Provenance { source: source?, as_of: as_of? })
    }

    fn sources(&mut self, raw: &RawSources<'_>) -> BTreeMap<Attribute, Provenance> {
        if raw.wrong {
            self.say(At::In("provenance_of"), "", NOT_OBJECT);
        }
        let mut sources = BTreeMap::new();
        for (name, provenance) in &raw.items {
            match name.parse::<Attribute>() {
                Ok(attribute) => {
                    let provenance = self.provenance(At::In("provenance_of"), provenance);
                    sources.extend(provenance.map(|provenance| (attribute, provenance)));
                }
                Err(_) => self.say(At::In("provenance_of"), &name.chars().take(64).collect::<String>(), UNKNOWN),
            }
        }
        sources
    }
}

/// The attribute's own words, or those on the card.
fn sex(text: &str) -> Result<Sex, Said> {
    code(text).or_else(|fault| Sex::from_card(text).ok_or(fault))
}

/// One of an enum's words.
fn code<T: DeserializeOwned>(text: &str) -> Result<T, Said> {
    let deserializer: StrDeserializer<'_, CodeError> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|_| CODE)
}

fn unit(text: &str) -> Result<String, Said> {
    let known = CommuneCode::parse(text).is_ok_and(|code| Units::shared().find_commune(code).is_some());
    if known { Ok(text.to_owned()) } else { Err(UNIT) }
}

fn shaped(text: &str, length: usize, of: fn(&u8) -> bool) -> Result<String, Said> {
    if text.len() == length && text.bytes().all(|byte| of(&byte)) { Ok(text.to_owned()) } else { Err(CODE) }
}

fn source(text: &str) -> Result<String, Said> {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let fits = text.validate_length(Some(1), Some(64), None) && text.bytes().all(word);
    if fits { Ok(text.to_owned()) } else { Err(CODE) }
}

fn free_text(text: &str) -> Result<String, Said> {
    if text.validate_length(None, Some(LONGEST_TEXT), None) { Ok(text.to_owned()) } else { Err(LENGTH) }
}

fn email(text: &str) -> Result<String, Said> {
    if text.validate_email() { Ok(text.to_owned()) } else { Err(EMAIL) }
}

fn phone(text: &str) -> Result<String, Said> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let fits = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(text.to_owned()) } else { Err(PHONE) }
}

fn photo_data(text: &str) -> Result<String, Said> {
    use base64::Engine;
    let fits = text.validate_length(Some(1), Some(LONGEST_PHOTO), None)
        && base64::engine::general_purpose::STANDARD.decode(text).is_ok();
    if fits { Ok(text.to_owned()) } else { Err(PHOTO) }
}
