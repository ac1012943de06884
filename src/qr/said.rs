//! What a credential says of a citizen, and what the format cannot say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use super::credential::{Claim169, CwtClaims, Gender, Marital, Portrait, PortraitFormat};
use crate::citizens::model::{MaritalStatus, Photo, Residence};
use crate::citizens::{Citizen, WithheldReason, is_recorded};
use crate::kernel::{Attribute, AttributeSet, CommuneCode, PartialDate, Sex, UnitCode, Units};

/// The longest photo that leaves room for the rest in one symbol.
const LONGEST_PHOTO: usize = 1_800;

/// Why an attribute that was asked for is not in the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OmittedReason {
    NotAgreed,
    /// The citizen has not agreed to it.
    NotConsented,
    BooleanDetail,
    NotRecorded,
    /// The claim 169 map has no way to say the attribute, or this value of it.
    NotInFormat,
    /// It would not fit into one symbol.
    TooLarge,
}

impl From<WithheldReason> for OmittedReason {
    fn from(reason: WithheldReason) -> Self {
        match reason {
            WithheldReason::NotAgreed | WithheldReason::MembersNotAgreed => Self::NotAgreed,
            WithheldReason::NotConsented => Self::NotConsented,
            WithheldReason::BooleanDetail => Self::BooleanDetail,
            WithheldReason::NotRecorded => Self::NotRecorded,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Omitted {
    #[schema(value_type = String, example = "religion")]
    pub attribute: Attribute,
    pub reason: OmittedReason,
}

/// What is said. `Debug` shows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub person: Claim169,
    pub attributes: AttributeSet,
    pub omitted: Vec<Omitted>,
}

impl Said {
    /// The bytes whose change shows that the record says something else now.
    pub fn bytes(&self) -> Vec<u8> {
        CwtClaims { person: self.person.clone(), ..CwtClaims::default() }.to_payload()
    }
}

/// Says of a citizen what was asked for and can be said.
pub fn say(citizen: &Citizen, asked: AttributeSet) -> Said {
    let mut person = Claim169::default();
    let (mut attributes, mut omitted) = (AttributeSet::EMPTY, Vec::new());
    for attribute in asked.iter() {
        let said = if is_recorded(citizen, attribute) {
            say_one(&mut person, citizen, attribute)
        } else {
            Err(OmittedReason::NotRecorded)
        };
        match said {
            Ok(()) => attributes.insert(attribute),
            Err(reason) => omitted.push(Omitted { attribute, reason }),
        }
    }
    if !attributes.is_empty() {
        person.version = Some("1.0".to_owned());
        person.language = Some("vie".to_owned());
    }
    Said { person, attributes, omitted }
}

fn say_one(person: &mut Claim169, citizen: &Citizen, attribute: Attribute) -> Result<(), OmittedReason> {
    const NO_WAY: OmittedReason = OmittedReason::NotInFormat;
    match attribute {
        Attribute::FullName => person.full_name = Some(citizen.full_name.expose().to_owned()),
        Attribute::IdNumber => person.id = Some(citizen.id_number.expose().to_owned()),
        Attribute::DateOfBirth => {
            let PartialDate::Day(date) = citizen.date_of_birth else { return Err(NO_WAY) };
            person.date_of_birth = Some(format!("{:04}{:02}{:02}", date.year(), date.month(), date.day()));
        }
        Attribute::Sex => {
            person.gender = Some(match citizen.sex {
                Sex::Male => Gender::Male,
                Sex::Female => Gender::Female,
                Sex::Unknown => return Err(NO_WAY),
            });
        }
        // The map has one address, and one that is not the registered one would be taken for it.
        Attribute::PermanentResidence => {
            person.address = Some(citizen.permanent_residence.as_ref().and_then(address).ok_or(NO_WAY)?);
        }
        Attribute::Nationality => person.nationality.clone_from(&citizen.nationality),
        Attribute::MaritalStatus => {
            person.marital_status = Some(match citizen.marital_status {
                MaritalStatus::Single => Marital::Unmarried,
                MaritalStatus::Married => Marital::Married,
                MaritalStatus::DivorcedOrWidowed | MaritalStatus::Unknown => return Err(NO_WAY),
            });
        }
        Attribute::Phone => person.phone.clone_from(&citizen.phone),
        Attribute::Email => person.email.clone_from(&citizen.email),
        Attribute::Photo => person.photo = Some(portrait(citizen.photo.as_ref().ok_or(NO_WAY)?)?),
        _ => return Err(NO_WAY),
    }
    Ok(())
}

fn address(residence: &Residence) -> Option<String> {
    let unit = CommuneCode::parse(&residence.unit).ok().and_then(|code| Units::shared().title(UnitCode::Commune(code)));
    match (&residence.detail, unit) {
        (Some(detail), Some(unit)) => Some(format!("{detail}, {unit}")),
        (Some(only), None) => Some(only.clone()),
        (None, unit) => unit,
    }
}

fn portrait(photo: &Photo) -> Result<Portrait, OmittedReason> {
    let format = match photo.media_type.as_str() {
        "image/jpeg" => PortraitFormat::Jpeg,
        "image/webp" => PortraitFormat::Webp,
        _ => return Err(OmittedReason::NotInFormat),
    };
    let data = STANDARD.decode(&photo.data).map_err(|_| OmittedReason::NotInFormat)?;
    if data.len() > LONGEST_PHOTO { Err(OmittedReason::TooLarge) } else { Ok(Portrait { format, data }) }
}

pub(super) const fn marital_name(marital: Marital) -> &'static str {
    match marital {
        Marital::Unmarried => "single",
        Marital::Married => "married",
        Marital::Divorced => "divorced",
    }
}

pub(super) fn photo_value(photo: &Portrait) -> Value {
    let media_type = match photo.format {
        PortraitFormat::Jpeg => "image/jpeg",
        PortraitFormat::Jpeg2000 => "image/jp2",
        PortraitFormat::Avif => "image/avif",
        PortraitFormat::Webp => "image/webp",
    };
    serde_json::json!({ "media_type": media_type, "data": STANDARD.encode(&photo.data) })
}
