//! What a client claims about a person, one typed claim an attribute, and how each compares.

mod compare;
mod parse;

use super::address::PlaceClaim;
use super::anchor::Anchor;
use super::name::PreparedName;
use super::verdict::Comparison;
use crate::citizens::model::{BloodGroup, CardKind, Citizen, MaritalStatus, RelationToHead, Status};
use crate::kernel::{
    AnchorNumber, Attribute, AttributeSet, CivilDate, HouseholdId, IdNumber, LegacyIdNumber, PartialDate, PersonName,
    Sex,
};

/// A record as comparisons see it: the citizen and their prepared name, both kept by the store.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub citizen: &'a Citizen,
    pub full_name: &'a PreparedName,
}

/// One claim. Attributes without a variant cannot be claimed.
#[derive(Clone, PartialEq)]
pub enum Claim {
    FullName(PersonName),
    OtherName(PersonName),
    IdNumber(IdNumber),
    LegacyIdNumber(LegacyIdNumber),
    DateOfBirth(PartialDate),
    Sex(Sex),
    PlaceOfBirth(PlaceClaim),
    PlaceOfBirthRegistration(PlaceClaim),
    PlaceOfOrigin(PlaceClaim),
    Ethnicity(String),
    Religion(String),
    Nationality(String),
    BloodGroup(BloodGroup),
    MaritalStatus(MaritalStatus),
    PermanentResidence(PlaceClaim),
    TemporaryResidence(PlaceClaim),
    CurrentResidence(PlaceClaim),
    TemporaryAbsence(PlaceClaim),
    Household(HouseholdClaim),
    Card(CardClaim),
    Phone(String),
    Email(String),
    Status(Status),
    StatusDate(PartialDate),
}

/// Which household, or which place in it. Its members are other people and cannot be claimed.
#[derive(Clone, PartialEq)]
pub struct HouseholdClaim {
    pub household_id: Option<HouseholdId>,
    pub relation_to_head: Option<RelationToHead>,
}

#[derive(Clone, PartialEq)]
pub struct CardClaim {
    pub kind: Option<CardKind>,
    pub issued: Option<CivilDate>,
    pub expires: Option<CivilDate>,
}

/// How one claim compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    pub attribute: Attribute,
    pub comparison: Comparison,
    /// Names only: 0 to 1. Shown where the agreement may read the attribute.
    pub score: Option<f32>,
}

/// Claims about one person, at most one an attribute, in the order of the law's list.
#[derive(Clone, PartialEq, Default)]
pub struct Claims(Vec<Claim>);

impl Claims {
    pub fn iter(&self) -> std::slice::Iter<'_, Claim> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn attributes(&self) -> AttributeSet {
        self.0.iter().map(Claim::attribute).collect()
    }

    /// Compares every claim; the order is that of the claims.
    pub fn compare(&self, record: Record<'_>) -> Vec<Check> {
        self.0.iter().map(|claim| claim.compare(record)).collect()
    }

    /// The anchor these claims make with a number, if a name and a birth date are among them.
    pub fn anchor(&self, number: AnchorNumber) -> Option<Anchor> {
        let name = self.0.iter().find_map(|claim| match claim {
            Claim::FullName(name) => Some(name.clone()),
            _ => None,
        });
        let date = self.0.iter().find_map(|claim| match claim {
            Claim::DateOfBirth(date) => Some(*date),
            _ => None,
        });
        Some(Anchor { number, full_name: name?, date_of_birth: date? })
    }
}

impl Claim {
    pub const fn attribute(&self) -> Attribute {
        match self {
            Self::FullName(_) => Attribute::FullName,
            Self::OtherName(_) => Attribute::OtherName,
            Self::IdNumber(_) => Attribute::IdNumber,
            Self::LegacyIdNumber(_) => Attribute::LegacyIdNumber,
            Self::DateOfBirth(_) => Attribute::DateOfBirth,
            Self::Sex(_) => Attribute::Sex,
            Self::PlaceOfBirth(_) => Attribute::PlaceOfBirth,
            Self::PlaceOfBirthRegistration(_) => Attribute::PlaceOfBirthRegistration,
            Self::PlaceOfOrigin(_) => Attribute::PlaceOfOrigin,
            Self::Ethnicity(_) => Attribute::Ethnicity,
            Self::Religion(_) => Attribute::Religion,
            Self::Nationality(_) => Attribute::Nationality,
            Self::BloodGroup(_) => Attribute::BloodGroup,
            Self::MaritalStatus(_) => Attribute::MaritalStatus,
            Self::PermanentResidence(_) => Attribute::PermanentResidence,
            Self::TemporaryResidence(_) => Attribute::TemporaryResidence,
            Self::CurrentResidence(_) => Attribute::CurrentResidence,
            Self::TemporaryAbsence(_) => Attribute::TemporaryAbsence,
            Self::Household(_) => Attribute::Household,
            Self::Card(_) => Attribute::Card,
            Self::Phone(_) => Attribute::Phone,
            Self::Email(_) => Attribute::Email,
            Self::Status(_) => Attribute::Status,
            Self::StatusDate(_) => Attribute::StatusDate,
        }
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Claim({}, redacted)", self.attribute())
    }
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter()).finish()
    }
}
