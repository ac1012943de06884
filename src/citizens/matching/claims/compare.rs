//! One claim against one record.

use super::{CardClaim, Check, Claim, HouseholdClaim, Record};
use crate::citizens::matching::address::{compare_place, compare_residence};
use crate::citizens::matching::anchor::{NumberStanding, standing};
use crate::citizens::matching::codes::{
    compare_code, compare_marital_status, compare_recorded, compare_sex, compare_words,
};
use crate::citizens::matching::contact::{compare_emails, compare_phones};
use crate::citizens::matching::date::compare_dates;
use crate::citizens::matching::name::{PreparedName, compare_names};
use crate::citizens::matching::score::name_score;
use crate::citizens::matching::verdict::{Comparison, Reason, Verdict};
use crate::citizens::model::{Card, Membership};
use crate::kernel::{AnchorNumber, IdNumber, PersonName};

impl Claim {
    pub fn compare(&self, record: Record<'_>) -> Check {
        let citizen = record.citizen;
        let comparison = match self {
            Self::FullName(name) => return self.scored(name, Some(record.full_name)),
            Self::OtherName(name) => {
                return self.scored(name, citizen.other_name.as_ref().map(PreparedName::new).as_ref());
            }
            Self::IdNumber(number) => compare_id_number(number, record),
            Self::LegacyIdNumber(number) => compare_recorded(number, citizen.legacy_id_number.as_ref()),
            Self::DateOfBirth(date) => compare_dates(*date, citizen.date_of_birth),
            Self::Sex(sex) => compare_sex(*sex, citizen.sex),
            Self::PlaceOfBirth(place) => compare_place(place, citizen.place_of_birth.as_ref()),
            Self::PlaceOfBirthRegistration(place) => compare_place(place, citizen.place_of_birth_registration.as_ref()),
            Self::PlaceOfOrigin(place) => compare_place(place, citizen.place_of_origin.as_ref()),
            Self::Ethnicity(code) => compare_code(code, citizen.ethnicity.as_deref()),
            Self::Religion(words) => compare_words(words, citizen.religion.as_deref()),
            Self::Nationality(code) => compare_code(code, citizen.nationality.as_deref()),
            Self::BloodGroup(group) => compare_recorded(group, citizen.blood_group.as_ref()),
            Self::MaritalStatus(status) => compare_marital_status(*status, citizen.marital_status),
            Self::PermanentResidence(place) => compare_residence(place, citizen.permanent_residence.as_ref()),
            Self::TemporaryResidence(place) => compare_residence(place, citizen.temporary_residence.as_ref()),
            Self::CurrentResidence(place) => compare_residence(place, citizen.current_residence.as_ref()),
            Self::TemporaryAbsence(place) => compare_residence(place, citizen.temporary_absence.as_ref()),
            Self::Household(claim) => compare_household(claim, citizen.household.as_ref()),
            Self::Card(claim) => compare_card(claim, citizen.card.as_ref()),
            Self::Phone(phone) => recorded(citizen.phone.as_deref(), |record| compare_phones(phone, record)),
            Self::Email(email) => recorded(citizen.email.as_deref(), |record| compare_emails(email, record)),
            Self::Status(status) => Comparison::same_if(*status == citizen.status),
            Self::StatusDate(date) => match citizen.status_date {
                Some(record) => compare_dates(*date, record),
                None => Comparison::NOT_RECORDED,
            },
        };
        Check { attribute: self.attribute(), comparison, score: None }
    }

    fn scored(&self, name: &PersonName, record: Option<&PreparedName>) -> Check {
        let comparison = record.map_or(Comparison::NOT_RECORDED, |record| compare_names(name, record));
        let score = record.map(|record| match comparison.verdict {
            Verdict::Exact => 1.0,
            verdict => name_score(&PreparedName::new(name), record, verdict),
        });
        Check { attribute: self.attribute(), comparison, score }
    }
}

fn recorded(record: Option<&str>, compare: impl FnOnce(&str) -> Comparison) -> Comparison {
    record.map_or(Comparison::NOT_RECORDED, compare)
}

fn compare_id_number(number: &IdNumber, record: Record<'_>) -> Comparison {
    match standing(&AnchorNumber::Personal(number.clone()), record) {
        Some(NumberStanding::Current) => Comparison::SAME,
        Some(_) => Comparison::new(Verdict::Equivalent, Reason::NumberCancelled),
        None => Comparison::DIFFERS,
    }
}

fn compare_household(claim: &HouseholdClaim, record: Option<&Membership>) -> Comparison {
    let Some(record) = record else { return Comparison::NOT_RECORDED };
    let household = claim.household_id.map(|given| given == record.household_id);
    let relation = claim.relation_to_head.map(|given| given == record.relation_to_head);
    all_parts(&[household.map(Comparison::same_if), relation.map(Comparison::same_if)])
}

fn compare_card(claim: &CardClaim, record: Option<&Card>) -> Comparison {
    let Some(record) = record else { return Comparison::NOT_RECORDED };
    all_parts(&[
        claim.kind.map(|given| Comparison::same_if(given == record.kind)),
        claim.issued.map(|given| Comparison::same_if(given == record.issued)),
        claim.expires.map(|given| compare_recorded(&given, record.expires.as_ref())),
    ])
}

/// The least favourable part; a part that differs among several is said to be one.
fn all_parts(parts: &[Option<Comparison>]) -> Comparison {
    let given = parts.iter().flatten();
    let several = given.clone().count() > 1;
    match given.copied().reduce(Comparison::worse) {
        Some(Comparison { verdict: Verdict::Mismatch, .. }) if several => {
            Comparison::new(Verdict::Mismatch, Reason::PartDiffers)
        }
        Some(comparison) => comparison,
        None => Comparison::NOT_RECORDED,
    }
}
