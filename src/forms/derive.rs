//! From an attribute to what a form's field says.

use super::household::Housemates;
use super::model::{Derivation, Part, Source, Take};
use super::words;
use crate::citizens::model::{Citizen, Place, Relative, Residence};
use crate::kernel::{Attribute, CommuneCode, IdNumber, PartialDate, Sex, UnitCode, Units};

/// What a source gives for one citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken<'a> {
    Value(Value<'a>),
    /// The record holds nothing.
    NotHeld,
    /// It holds something that does not fit the field: a unit that no longer is, a code without a name.
    Poor,
    /// The people it is about may not be shown.
    Hidden,
}

/// A value, and of whom it tells beside the citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value<'a> {
    pub text: String,
    /// Whose record it is from: another one where the head of the household is told.
    pub from: &'a Citizen,
    /// The attribute of that record.
    pub attribute: Attribute,
    /// A relative who is named, where the number is recorded.
    pub names: Option<&'a IdNumber>,
}

/// Takes a value from `citizen`; `housemates` is empty unless the household was loaded.
pub fn take<'a>(citizen: &'a Citizen, source: Source, housemates: Option<&'a Housemates>) -> Taken<'a> {
    let own = |text: Option<String>| match text {
        Some(text) => Taken::Value(Value { text, from: citizen, attribute: source.attribute, names: None }),
        None => Taken::NotHeld,
    };
    match source.take {
        Take::Plain => own(plain(citizen, source.attribute)),
        Take::Part(part) => own(part_of(citizen, source.attribute, part)),
        Take::Derived(derivation) => derived(citizen, source.attribute, derivation, housemates),
    }
}

fn plain(citizen: &Citizen, attribute: Attribute) -> Option<String> {
    match attribute {
        Attribute::FullName => Some(citizen.full_name.expose().to_owned()),
        Attribute::OtherName => citizen.other_name.as_ref().map(|name| name.expose().to_owned()),
        Attribute::IdNumber => Some(citizen.id_number.expose().to_owned()),
        Attribute::LegacyIdNumber => citizen.legacy_id_number.as_ref().map(|number| number.expose().to_owned()),
        Attribute::DateOfBirth => Some(citizen.date_of_birth.to_string()),
        Attribute::StatusDate => citizen.status_date.map(|date| date.to_string()),
        Attribute::Ethnicity => citizen.ethnicity.clone(),
        Attribute::Religion => citizen.religion.clone(),
        Attribute::Nationality => citizen.nationality.clone(),
        Attribute::Phone => citizen.phone.clone(),
        Attribute::Email => citizen.email.clone(),
        Attribute::Sex => (citizen.sex != Sex::Unknown).then(|| code_of(&citizen.sex)).flatten(),
        Attribute::MaritalStatus => code_of(&citizen.marital_status).filter(|code| code != "unknown"),
        Attribute::BloodGroup => citizen.blood_group.as_ref().and_then(code_of),
        Attribute::Status => code_of(&citizen.status),
        // Objects and lists are taken in parts or derived: reading a definition sees to that.
        _ => None,
    }
}

/// The word by which the interface writes a code.
fn code_of(code: &impl serde::Serialize) -> Option<String> {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned))
}

fn part_of(citizen: &Citizen, attribute: Attribute, part: Part) -> Option<String> {
    if attribute == Attribute::Card {
        let card = citizen.card.as_ref()?;
        return match part {
            Part::Issued => Some(card.issued.to_string()),
            Part::Expires => card.expires.map(|date| date.to_string()),
            Part::IssuedBy => card.place.clone(),
            _ => None,
        };
    }
    if let Some(place) = place(citizen, attribute) {
        return match part {
            Part::Unit => place.unit.clone(),
            Part::Text => place.text.clone(),
            _ => None,
        };
    }
    let residence = residence(citizen, attribute)?;
    match part {
        Part::Unit => Some(residence.unit.clone()),
        Part::Detail => residence.detail.clone(),
        Part::Since => residence.since.map(|date| date.to_string()),
        Part::Until => residence.until.map(|date| date.to_string()),
        _ => None,
    }
}

fn place(citizen: &Citizen, attribute: Attribute) -> Option<&Place> {
    match attribute {
        Attribute::PlaceOfBirth => citizen.place_of_birth.as_ref(),
        Attribute::PlaceOfBirthRegistration => citizen.place_of_birth_registration.as_ref(),
        Attribute::PlaceOfOrigin => citizen.place_of_origin.as_ref(),
        _ => None,
    }
}

fn residence(citizen: &Citizen, attribute: Attribute) -> Option<&Residence> {
    match attribute {
        Attribute::PermanentResidence => citizen.permanent_residence.as_ref(),
        Attribute::TemporaryResidence => citizen.temporary_residence.as_ref(),
        Attribute::CurrentResidence => citizen.current_residence.as_ref(),
        Attribute::TemporaryAbsence => citizen.temporary_absence.as_ref(),
        _ => None,
    }
}

fn derived<'a>(
    citizen: &'a Citizen,
    attribute: Attribute,
    derivation: Derivation,
    housemates: Option<&'a Housemates>,
) -> Taken<'a> {
    let value = |text: String, names| Taken::Value(Value { text, from: citizen, attribute, names });
    // Held, but in a form that the field cannot say.
    let said = |held: bool, text: Option<String>| match (held, text) {
        (_, Some(text)) => value(text, None),
        (true, None) => Taken::Poor,
        (false, None) => Taken::NotHeld,
    };
    match derivation {
        Derivation::Address => {
            let residence = residence(citizen, attribute);
            said(residence.is_some(), residence.and_then(address))
        }
        Derivation::Commune | Derivation::Province => {
            let unit = place(citizen, attribute).map(|place| place.unit.as_deref());
            let unit = unit.or(residence(citizen, attribute).map(|residence| Some(residence.unit.as_str()))).flatten();
            said(unit.is_some(), unit.and_then(|unit| unit_name(unit, derivation)))
        }
        Derivation::Place => {
            let place = place(citizen, attribute);
            said(place.is_some(), place.and_then(place_line))
        }
        Derivation::Year | Derivation::DayMonthYear => {
            let date = if attribute == Attribute::DateOfBirth { Some(citizen.date_of_birth) } else { citizen.status_date };
            said(date.is_some(), date.and_then(|date| date_words(date, derivation)))
        }
        Derivation::Word => word(citizen, attribute).map_or(Taken::NotHeld, |word| value(word.to_owned(), None)),
        Derivation::Name => match attribute {
            Attribute::Ethnicity => {
                let code = citizen.ethnicity.as_deref();
                said(code.is_some(), code.and_then(words::ethnic_group).map(str::to_owned))
            }
            Attribute::Nationality => {
                let code = citizen.nationality.as_deref();
                said(code.is_some(), code.and_then(words::nationality).map(str::to_owned))
            }
            Attribute::Spouse => relative(citizen.spouse.as_ref(), value),
            _ => relative(citizen.representative.as_ref(), value),
        },
        Derivation::National => {
            let phone = citizen.phone.as_deref();
            said(phone.is_some(), phone.and_then(national))
        }
        Derivation::FatherName => parent(citizen, Sex::Male, value),
        Derivation::MotherName => parent(citizen, Sex::Female, value),
        Derivation::Relation => match &citizen.household {
            Some(membership) => value(words::relation(membership.relation_to_head).to_owned(), None),
            None => Taken::NotHeld,
        },
        Derivation::HeadName | Derivation::HeadIdNumber => head(citizen, derivation, housemates),
    }
}

fn head<'a>(citizen: &'a Citizen, derivation: Derivation, housemates: Option<&'a Housemates>) -> Taken<'a> {
    let Some(housemates) = housemates.filter(|_| citizen.household.is_some()) else { return Taken::NotHeld };
    let Some(head) = housemates.head(citizen) else {
        return if housemates.some_hidden { Taken::Hidden } else { Taken::NotHeld };
    };
    let (text, attribute) = match derivation {
        Derivation::HeadName => (head.full_name.expose(), Attribute::FullName),
        _ => (head.id_number.expose(), Attribute::IdNumber),
    };
    Taken::Value(Value { text: text.to_owned(), from: head, attribute, names: None })
}

fn relative<'a>(of: Option<&'a Relative>, value: impl Fn(String, Option<&'a IdNumber>) -> Taken<'a>) -> Taken<'a> {
    match of {
        Some(relative) => value(relative.full_name.expose().to_owned(), relative.id_number.as_ref()),
        None => Taken::NotHeld,
    }
}

/// Which parent is which stands in the fourth digit of their numbers; of two, one known tells both.
fn parent<'a>(
    citizen: &'a Citizen,
    wanted: Sex,
    value: impl Fn(String, Option<&'a IdNumber>) -> Taken<'a>,
) -> Taken<'a> {
    let sex = |relative: &Relative| relative.id_number.as_ref().map(IdNumber::stated_sex);
    let parents = citizen.parents.as_slice();
    if let Some(found) = parents.iter().find(|parent| sex(parent) == Some(wanted)) {
        return relative(Some(found), value);
    }
    let unknown: Vec<_> = parents.iter().filter(|parent| sex(parent).is_none()).collect();
    match (parents.len(), unknown.as_slice()) {
        (2, [other]) => relative(Some(other), value),
        (_, []) => Taken::NotHeld,
        _ => Taken::Poor,
    }
}

fn word(citizen: &Citizen, attribute: Attribute) -> Option<&'static str> {
    match attribute {
        Attribute::Sex => words::sex(citizen.sex),
        Attribute::MaritalStatus => words::marital_status(citizen.marital_status),
        _ => citizen.card.as_ref().map(|card| words::card(card.kind)),
    }
}

fn date_words(date: PartialDate, derivation: Derivation) -> Option<String> {
    match (derivation, date) {
        (Derivation::Year, date) => Some(format!("{:04}", date.year())),
        (_, PartialDate::Day(day)) => Some(format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())),
        (_, PartialDate::Month { year, month }) => Some(format!("{month:02}/{year:04}")),
        (_, PartialDate::Year(year)) => Some(format!("{year:04}")),
    }
}

/// `+84912…` as `0912…`.
fn national(phone: &str) -> Option<String> {
    let rest = phone.strip_prefix("+84").or_else(|| phone.strip_prefix('0'))?;
    rest.bytes().all(|c| c.is_ascii_digit()).then(|| format!("0{rest}"))
}

fn title(unit: &str) -> Option<String> {
    Units::shared().title(UnitCode::Commune(CommuneCode::parse(unit).ok()?))
}

fn address(residence: &Residence) -> Option<String> {
    let unit = title(&residence.unit)?;
    Some(match &residence.detail {
        Some(detail) => format!("{detail}, {unit}"),
        None => unit,
    })
}

/// The place as registered, or the unit's name.
fn place_line(place: &Place) -> Option<String> {
    match (&place.text, &place.unit) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(unit)) => title(unit),
        (None, None) => None,
    }
}

fn unit_name(unit: &str, derivation: Derivation) -> Option<String> {
    let (code, units) = (CommuneCode::parse(unit).ok()?, Units::shared());
    match derivation {
        Derivation::Commune => units.find_commune(code).map(|commune| commune.name.to_owned()),
        _ => units.province_of(code).map(|province| province.name.to_owned()),
    }
}
