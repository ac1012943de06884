//! A citizen as the population database knows them (Law on Identity art. 9).
//!
//! The same shape is sealed in the store, seeded, imported and answered from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kernel::{
    Attribute, CitizenId, CivilDate, HouseholdId, IdNumber, LegacyIdNumber, PartialDate, PersonName, Sex,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Alive,
    Deceased,
    Missing,
}

/// QCVN 109: 0 unknown, 1 single, 2 married, 3 divorced or widowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum MaritalStatus {
    #[default]
    Unknown,
    Single,
    Married,
    DivorcedOrWidowed,
}

/// QCVN 109: 00 unknown, 01 A, 02 B, 03 AB, 04 O.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BloodGroup {
    A,
    B,
    #[serde(rename = "AB")]
    Ab,
    O,
}

/// A place: the commune's code of 2025 where it is known, and the text as registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Five-digit commune code (Decision 19/2025/QĐ-TTg).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A registered residence or absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residence {
    /// Five-digit commune code.
    pub unit: String,
    /// House, street, hamlet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<CivilDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<CivilDate>,
}

/// Relation of a member to the head of the household, as form CT01 writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationToHead {
    Head,
    Spouse,
    Child,
    Parent,
    Sibling,
    Grandparent,
    Grandchild,
    OtherRelative,
    Lodger,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub household_id: HouseholdId,
    pub relation_to_head: RelationToHead,
}

/// A relative as the register names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relative {
    pub full_name: PersonName,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_number: Option<IdNumber>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    /// Chip CCCD, 2021 to June 2024.
    Cccd,
    /// Căn cước, since 1 July 2024.
    CanCuoc,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub kind: CardKind,
    pub issued: CivilDate,
    /// `None`: valid for life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<CivilDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// `image/jpeg` or `image/webp`.
    pub media_type: String,
    /// Base64 (RFC 4648 section 4).
    pub data: String,
}

/// Where a value comes from and how fresh it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Code of the register, e.g. `population`, `civil_registry`.
    pub source: String,
    pub as_of: CivilDate,
}

/// Everything the store holds about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citizen {
    pub citizen_id: CitizenId,
    pub id_number: IdNumber,
    /// Numbers this person held before (Decree 70/2024 art. 11); never issued again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled_id_numbers: Vec<IdNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy_id_number: Option<LegacyIdNumber>,
    pub full_name: PersonName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_name: Option<PersonName>,
    pub date_of_birth: PartialDate,
    pub sex: Sex,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_of_birth: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_of_birth_registration: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_of_origin: Option<Place>,
    /// Code of the ethnic group, e.g. `01` Kinh (Decision 121-TCTK/PPCĐ of 1979).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ethnicity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub religion: Option<String>,
    /// ISO 3166-1 alpha-3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blood_group: Option<BloodGroup>,
    #[serde(default)]
    pub marital_status: MaritalStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permanent_residence: Option<Residence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_residence: Option<Residence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_residence: Option<Residence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_absence: Option<Residence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<Membership>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Relative>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spouse: Option<Relative>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Relative>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<Relative>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Photo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default)]
    pub status: Status,
    /// Since when `status` is not `alive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_date: Option<PartialDate>,
    pub provenance: Provenance,
    /// Attributes that come from elsewhere, or at another time, than the record as a whole.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub provenance_of: BTreeMap<Attribute, Provenance>,
}
