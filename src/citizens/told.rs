//! What a record says in the same words whoever asks, as JSON that is written once and then copied.

use super::disclose::{is_recorded, put};
use super::model::{Citizen, Provenance};
use crate::kernel::{Attribute, Classification};

/// The values of a record and the end of nearly every attribute.
pub struct Told {
    json: Box<[u8]>,
    /// Where the value of each attribute ends; it begins where the one before ends.
    ends: [u32; Attribute::ALL.len()],
    /// Where the end of basic attributes ends; that of sensitive ones is the rest.
    basic_ends: u32,
}

impl Told {
    pub fn of(citizen: &Citizen) -> Self {
        let mut json = Vec::with_capacity(1024);
        let mut ends = [0; Attribute::ALL.len()];
        for (attribute, end) in Attribute::ALL.iter().zip(&mut ends) {
            if is_recorded(citizen, *attribute) {
                put_own(&mut json, citizen, *attribute);
            }
            *end = offset(&json);
        }
        put_origin(&mut json, &citizen.provenance, Classification::Basic);
        let basic_ends = offset(&json);
        put_origin(&mut json, &citizen.provenance, Classification::Sensitive);
        Self { json: json.into(), ends, basic_ends }
    }

    /// The value; `None` where it is not recorded, names others, or is too large to be held twice.
    pub fn value(&self, attribute: Attribute) -> Option<&[u8]> {
        // The list is in the order of the attributes' numbers.
        let place = attribute as usize;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.part(start, self.ends[place]).filter(|value| !value.is_empty())
    }

    /// How an attribute ends that comes from where the record as a whole does; see [`put_origin`].
    pub fn origin(&self, classification: Classification) -> &[u8] {
        let [.., values_end] = self.ends;
        let part = match classification {
            Classification::Basic => self.part(values_end, self.basic_ends),
            Classification::Sensitive => self.part(self.basic_ends, offset(&self.json)),
        };
        part.unwrap_or_default()
    }

    fn part(&self, start: u32, end: u32) -> Option<&[u8]> {
        self.json.get(start as usize..end as usize)
    }
}

/// A record is far below 4 GiB.
fn offset(json: &[u8]) -> u32 {
    u32::try_from(json.len()).unwrap_or(u32::MAX)
}

/// Writes where a value comes from and what it is, and ends the attribute:
/// `,"source":…,"as_of":…,"classification":…}`.
pub fn put_origin(out: &mut Vec<u8>, provenance: &Provenance, classification: Classification) {
    put(out, ",\"source\":", &provenance.source);
    put(out, ",\"as_of\":", &provenance.as_of);
    put(out, ",\"classification\":", &classification);
    out.push(b'}');
}

/// Writes the value, or nothing where [`Told::value`] is to have none.
fn put_own(out: &mut Vec<u8>, citizen: &Citizen, attribute: Attribute) {
    match attribute {
        Attribute::FullName => put(out, "", &citizen.full_name),
        Attribute::OtherName => put(out, "", &citizen.other_name),
        Attribute::IdNumber => put(out, "", &citizen.id_number),
        Attribute::LegacyIdNumber => put(out, "", &citizen.legacy_id_number),
        Attribute::DateOfBirth => put(out, "", &citizen.date_of_birth),
        Attribute::Sex => put(out, "", &citizen.sex),
        Attribute::PlaceOfBirth => put(out, "", &citizen.place_of_birth),
        Attribute::PlaceOfBirthRegistration => put(out, "", &citizen.place_of_birth_registration),
        Attribute::PlaceOfOrigin => put(out, "", &citizen.place_of_origin),
        Attribute::Ethnicity => put(out, "", &citizen.ethnicity),
        Attribute::Religion => put(out, "", &citizen.religion),
        Attribute::Nationality => put(out, "", &citizen.nationality),
        Attribute::BloodGroup => put(out, "", &citizen.blood_group),
        Attribute::MaritalStatus => put(out, "", &citizen.marital_status),
        Attribute::PermanentResidence => put(out, "", &citizen.permanent_residence),
        Attribute::TemporaryResidence => put(out, "", &citizen.temporary_residence),
        Attribute::CurrentResidence => put(out, "", &citizen.current_residence),
        Attribute::TemporaryAbsence => put(out, "", &citizen.temporary_absence),
        Attribute::Card => put(out, "", &citizen.card),
        Attribute::Phone => put(out, "", &citizen.phone),
        Attribute::Email => put(out, "", &citizen.email),
        Attribute::Status => put(out, "", &citizen.status),
        Attribute::StatusDate => put(out, "", &citizen.status_date),
        Attribute::Household
        | Attribute::Parents
        | Attribute::Spouse
        | Attribute::Children
        | Attribute::Representative
        | Attribute::Photo => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_the_records_own_and_others_are_left_to_the_answer() {
        for citizen in crate::citizens::seed::showcase(1).into_iter().flat_map(|one| one.citizens) {
            let told = Told::of(&citizen);
            let whole = serde_json::to_value(&citizen).unwrap();
            for attribute in Attribute::ALL {
                let of_others = matches!(
                    attribute,
                    Attribute::Household
                        | Attribute::Parents
                        | Attribute::Spouse
                        | Attribute::Children
                        | Attribute::Representative
                        | Attribute::Photo
                );
                let value = told.value(*attribute).map(|json| serde_json::from_slice(json).unwrap());
                let expected = is_recorded(&citizen, *attribute).then(|| whole[attribute.name()].clone());
                assert_eq!(value, expected.filter(|_| !of_others), "{attribute}");
            }
            for classification in [Classification::Basic, Classification::Sensitive] {
                let mut expected = Vec::new();
                put_origin(&mut expected, &citizen.provenance, classification);
                assert_eq!(told.origin(classification), expected);
            }
        }
    }
}
