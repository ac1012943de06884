//! What of a citizen an answer may hold.

use std::sync::{Arc, LazyLock};

use serde::Serialize;

use super::allowance::Allowance;
use super::cache::OpenRecord;
use super::model::{Citizen, MaritalStatus, Membership, Provenance, RelationToHead, Relative};
use super::told::put_origin;
use crate::kernel::{Attribute, AttributeSet, CitizenId, PersonName};

/// Why an attribute that was asked for is not in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithheldReason {
    /// The agreement does not list it.
    NotAgreed,
    /// The citizen has not agreed to it.
    NotConsented,
    /// The agreement allows yes and no only.
    BooleanDetail,
    /// The population data hold no value.
    NotRecorded,
    /// Of the household, its head and other members: the agreement does not let this procedure name
    /// them, or the question rests on a consent. Which household it is, is told.
    MembersNotAgreed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Withheld {
    #[schema(value_type = String, example = "religion")]
    pub attribute: Attribute,
    pub reason: WithheldReason,
}

/// A household with the records of its members.
#[derive(Clone)]
pub struct Household {
    pub members: Vec<Arc<OpenRecord>>,
}

/// What of one citizen is told.
#[derive(Clone)]
pub struct Disclosure {
    record: Arc<OpenRecord>,
    attributes: AttributeSet,
    withheld: Vec<Withheld>,
    household: Option<Household>,
    names_of_others: bool,
    members_hidden: bool,
}

impl Disclosure {
    /// Chooses, of the attributes that were `asked` for, those that agreement and consent let out.
    pub fn choose(record: Arc<OpenRecord>, asked: AttributeSet, allowance: Allowance<'_>) -> Self {
        let attributes = asked.intersection(allowance.tells()).intersection(record.recorded);
        let reason = |attribute| allowance.withholds(attribute).unwrap_or(WithheldReason::NotRecorded);
        let missing = asked.difference(attributes);
        let withheld = missing.iter().map(|attribute| Withheld { attribute, reason: reason(attribute) }).collect();
        let names_of_others = allowance.may_read(Attribute::FullName);
        Self { record, attributes, withheld, household: None, names_of_others, members_hidden: false }
    }

    /// Says of the household which it is and the citizen's place in it, and nobody else's.
    #[must_use]
    pub fn without_members(mut self) -> Self {
        self.members_hidden = true;
        self
    }

    /// The same, and that is told among what is withheld.
    #[must_use]
    pub fn withholding_members(mut self) -> Self {
        if self.attributes.contains(Attribute::Household) {
            let (attribute, reason) = (Attribute::Household, WithheldReason::MembersNotAgreed);
            self.withheld.push(Withheld { attribute, reason });
        }
        self.without_members()
    }

    /// The household whose members must be loaded before the answer is written.
    pub fn needs_household(&self) -> Option<&Membership> {
        let told = self.attributes.contains(Attribute::Household) && !self.members_hidden;
        told.then_some(self.record.citizen.household.as_ref()).flatten()
    }

    pub fn with_household(mut self, household: Household) -> Self {
        self.household = Some(household);
        self
    }

    /// The relatives that are named.
    pub fn relatives(&self) -> impl Iterator<Item = &Relative> {
        let citizen = &self.record.citizen;
        let told = |attribute| self.names_of_others && self.attributes.contains(attribute);
        let parents = told(Attribute::Parents).then_some(&citizen.parents).into_iter().flatten();
        let spouse = told(Attribute::Spouse).then_some(&citizen.spouse).into_iter().flatten();
        let children = told(Attribute::Children).then_some(&citizen.children).into_iter().flatten();
        let representative = told(Attribute::Representative).then_some(&citizen.representative).into_iter().flatten();
        parents.chain(spouse).chain(children).chain(representative)
    }

    pub fn record(&self) -> &Arc<OpenRecord> {
        &self.record
    }

    pub fn attributes(&self) -> AttributeSet {
        self.attributes
    }

    pub fn withheld(&self) -> &[Withheld] {
        &self.withheld
    }

    /// The citizen, then the members of the household that are told.
    pub fn subjects(&self) -> Vec<CitizenId> {
        let first = self.record.citizen.citizen_id;
        let members = self.household.iter().flat_map(|household| &household.members);
        let others = members.map(|member| member.citizen.citizen_id).filter(|id| *id != first);
        std::iter::once(first).chain(others).collect()
    }
}

/// Whether the record holds a value for `attribute`.
pub fn is_recorded(citizen: &Citizen, attribute: Attribute) -> bool {
    match attribute {
        Attribute::FullName | Attribute::IdNumber | Attribute::DateOfBirth | Attribute::Sex | Attribute::Status => true,
        Attribute::OtherName => citizen.other_name.is_some(),
        Attribute::LegacyIdNumber => citizen.legacy_id_number.is_some(),
        Attribute::PlaceOfBirth => citizen.place_of_birth.is_some(),
        Attribute::PlaceOfBirthRegistration => citizen.place_of_birth_registration.is_some(),
        Attribute::PlaceOfOrigin => citizen.place_of_origin.is_some(),
        Attribute::Ethnicity => citizen.ethnicity.is_some(),
        Attribute::Religion => citizen.religion.is_some(),
        Attribute::Nationality => citizen.nationality.is_some(),
        Attribute::BloodGroup => citizen.blood_group.is_some(),
        Attribute::MaritalStatus => citizen.marital_status != MaritalStatus::Unknown,
        Attribute::PermanentResidence => citizen.permanent_residence.is_some(),
        Attribute::TemporaryResidence => citizen.temporary_residence.is_some(),
        Attribute::CurrentResidence => citizen.current_residence.is_some(),
        Attribute::TemporaryAbsence => citizen.temporary_absence.is_some(),
        Attribute::Household => citizen.household.is_some(),
        Attribute::Parents => !citizen.parents.is_empty(),
        Attribute::Spouse => citizen.spouse.is_some(),
        Attribute::Children => !citizen.children.is_empty(),
        Attribute::Representative => citizen.representative.is_some(),
        Attribute::Card => citizen.card.is_some(),
        Attribute::Photo => citizen.photo.is_some(),
        Attribute::Phone => citizen.phone.is_some(),
        Attribute::Email => citizen.email.is_some(),
        Attribute::StatusDate => citizen.status_date.is_some(),
    }
}

/// Where the value of `attribute` comes from.
pub fn provenance_of(citizen: &Citizen, attribute: Attribute) -> &Provenance {
    citizen.provenance_of.get(&attribute).unwrap_or(&citizen.provenance)
}

impl Disclosure {
    /// Writes an object of attributes, each `{value, source, as_of, classification}`. Nearly all of it
    /// is written beforehand, and copied.
    pub fn write(&self, out: &mut Vec<u8>) {
        let told = self.record.told();
        let mut before = b'{';
        for attribute in self.attributes.iter() {
            out.push(before);
            before = b',';
            out.extend_from_slice(opening(attribute).as_bytes());
            match told.value(attribute) {
                Some(value) => out.extend_from_slice(value),
                None => self.put_value(attribute, out),
            }
            let classification = attribute.classification();
            match self.record.citizen.provenance_of.get(&attribute) {
                Some(other) => put_origin(out, other, classification),
                None => out.extend_from_slice(told.origin(classification)),
            }
        }
        if before == b'{' {
            out.push(b'{');
        }
        out.push(b'}');
    }

    /// Writes the value of an attribute that is not the same whoever asks, or is large.
    fn put_value(&self, attribute: Attribute, out: &mut Vec<u8>) {
        let citizen = &self.record.citizen;
        let named = |relative| Named::of(relative, self.names_of_others);
        match attribute {
            Attribute::Household => put(out, "", &self.household_told()),
            Attribute::Parents => put(out, "", &citizen.parents.iter().map(named).collect::<Vec<_>>()),
            Attribute::Spouse => put(out, "", &citizen.spouse.as_ref().map(named)),
            Attribute::Children => put(out, "", &citizen.children.iter().map(named).collect::<Vec<_>>()),
            Attribute::Representative => put(out, "", &citizen.representative.as_ref().map(named)),
            Attribute::Photo => put(out, "", &citizen.photo),
            // All others are told by the record itself where they are recorded.
            _ => out.extend_from_slice(b"null"),
        }
    }
}

/// Writes a member's name, as JSON already, and its value.
pub fn put(out: &mut Vec<u8>, name: &str, value: &impl Serialize) {
    out.extend_from_slice(name.as_bytes());
    // Writing plain structs to memory has no way to fail.
    let _ = serde_json::to_writer(out, value);
}

/// How an attribute begins: `"full_name":{"value":`.
fn opening(attribute: Attribute) -> &'static str {
    static OPENINGS: LazyLock<Vec<String>> =
        LazyLock::new(|| Attribute::ALL.iter().map(|attribute| format!("\"{attribute}\":{{\"value\":")).collect());
    // The list is in the order of the attributes' numbers.
    OPENINGS.get(attribute as usize).map_or("", String::as_str)
}

/// Somebody else than the citizen asked about: never more than a name and a relation.
#[derive(Serialize)]
struct Named<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<&'a PersonName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation_to_head: Option<RelationToHead>,
}

impl<'a> Named<'a> {
    fn of(relative: &'a Relative, named: bool) -> Self {
        Self { full_name: named.then_some(&relative.full_name), relation_to_head: None }
    }
}

#[derive(Serialize)]
struct HouseholdTold<'a> {
    #[serde(flatten)]
    membership: &'a Membership,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<Named<'a>>>,
}

impl Disclosure {
    fn household_told(&self) -> Option<HouseholdTold<'_>> {
        let membership = self.record.citizen.household.as_ref()?;
        if self.members_hidden {
            return Some(HouseholdTold { membership, head: None, members: None });
        }
        let members = || self.household.iter().flat_map(|household| &household.members);
        let mut named = members().map(|record| self.named_member(record));
        Some(HouseholdTold {
            membership,
            head: named.find(|member| member.relation_to_head == Some(RelationToHead::Head)),
            members: Some(members().map(|record| self.named_member(record)).collect()),
        })
    }

    fn named_member<'a>(&self, record: &'a OpenRecord) -> Named<'a> {
        Named {
            full_name: self.names_of_others.then_some(&record.citizen.full_name),
            relation_to_head: record.citizen.household.as_ref().map(|membership| membership.relation_to_head),
        }
    }
}
