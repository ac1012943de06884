//! What a confirmation states of a citizen's residence (form CT07).

use serde::{Deserialize, Serialize};

use super::document::{ConfirmedHousehold, ConfirmedMember, ConfirmedPerson, ConfirmedPlace};
use crate::citizens::Citizen;
use crate::citizens::model::{RelationToHead, Residence};
use crate::kernel::{Attribute, AttributeSet, CitizenId, CommuneCode, UnitCode, Units};

/// What a check may ask to be told.
pub const QUESTIONS: [Attribute; 4] =
    [Attribute::PermanentResidence, Attribute::TemporaryResidence, Attribute::CurrentResidence, Attribute::Household];

/// What a confirmation may state beside who the person is.
pub const CONFIRMABLE: [Attribute; 5] = [
    Attribute::Sex,
    Attribute::PermanentResidence,
    Attribute::TemporaryResidence,
    Attribute::CurrentResidence,
    Attribute::Household,
];

/// Why something that was found is not shown. Stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HiddenReason {
    /// The agreement does not let this procedure name the other members of a household.
    MembersNotAgreed,
}

/// A part of an answer that is there and not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Hidden {
    /// `household.head` or `household.members`.
    #[schema(example = "household.members")]
    pub part: String,
    pub reason: HiddenReason,
}

impl Hidden {
    /// The other members of a household, and its head unless that is the citizen.
    pub fn members_of(citizen: &Citizen) -> Vec<Self> {
        let Some(household) = &citizen.household else { return Vec::new() };
        let head = (household.relation_to_head != RelationToHead::Head).then_some("household.head");
        let parts = head.into_iter().chain(["household.members"]);
        parts.map(|part| Self { part: part.to_owned(), reason: HiddenReason::MembersNotAgreed }).collect()
    }
}

/// What is stated of the citizen. A change of any of it makes the confirmation void.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub person: ConfirmedPerson,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permanent_residence: Option<ConfirmedPlace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temporary_residence: Option<ConfirmedPlace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_residence: Option<ConfirmedPlace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub household: Option<ConfirmedHousehold>,
}

impl Statement {
    /// States those of `attributes` that are recorded. `members` are those of the household, if they
    /// may be named.
    pub fn of(citizen: &Citizen, attributes: AttributeSet, members: Option<&[Citizen]>) -> Self {
        let place = |attribute, residence: &Option<Residence>| {
            residence.as_ref().filter(|_| attributes.contains(attribute)).map(place)
        };
        let household = citizen.household.as_ref().filter(|_| attributes.contains(Attribute::Household));
        Self {
            person: ConfirmedPerson {
                full_name: citizen.full_name.clone(),
                id_number: citizen.id_number.clone(),
                date_of_birth: citizen.date_of_birth,
                sex: attributes.contains(Attribute::Sex).then_some(citizen.sex),
            },
            permanent_residence: place(Attribute::PermanentResidence, &citizen.permanent_residence),
            temporary_residence: place(Attribute::TemporaryResidence, &citizen.temporary_residence),
            current_residence: place(Attribute::CurrentResidence, &citizen.current_residence),
            household: household.map(|household| ConfirmedHousehold {
                relation_to_head: household.relation_to_head,
                head: members.and_then(head_of),
                members: members.map(|members| others(members, citizen.citizen_id)),
            }),
        }
    }

    /// What is stated, as attributes.
    pub fn attributes(&self) -> AttributeSet {
        let stated = [
            (Attribute::FullName, true),
            (Attribute::IdNumber, true),
            (Attribute::DateOfBirth, true),
            (Attribute::Sex, self.person.sex.is_some()),
            (Attribute::PermanentResidence, self.permanent_residence.is_some()),
            (Attribute::TemporaryResidence, self.temporary_residence.is_some()),
            (Attribute::CurrentResidence, self.current_residence.is_some()),
            (Attribute::Household, self.household.is_some()),
        ];
        stated.into_iter().filter(|(_, is)| *is).map(|(attribute, _)| attribute).collect()
    }

    /// The bytes whose change shows that the record says something else now.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

fn head_of(members: &[Citizen]) -> Option<crate::kernel::PersonName> {
    let is_head = |member: &&Citizen| {
        member.household.as_ref().is_some_and(|household| household.relation_to_head == RelationToHead::Head)
    };
    members.iter().find(is_head).map(|head| head.full_name.clone())
}

/// The other members, in an order that says nothing of them.
fn others(members: &[Citizen], citizen: CitizenId) -> Vec<ConfirmedMember> {
    let mut others: Vec<_> = members
        .iter()
        .filter(|member| member.citizen_id != citizen)
        .filter_map(|member| {
            let relation_to_head = member.household.as_ref()?.relation_to_head;
            Some(ConfirmedMember { full_name: member.full_name.clone(), relation_to_head })
        })
        .collect();
    others.sort_by(|one, two| one.full_name.expose().cmp(two.full_name.expose()));
    others
}

fn place(residence: &Residence) -> ConfirmedPlace {
    let title =
        CommuneCode::parse(&residence.unit).ok().and_then(|code| Units::shared().title(UnitCode::Commune(code)));
    let parts = [residence.detail.clone(), title];
    ConfirmedPlace {
        unit: residence.unit.clone(),
        address: parts.into_iter().flatten().collect::<Vec<_>>().join(", "),
        since: residence.since,
        until: residence.until,
    }
}
