//! Questions answered by yes or no, without telling what the answer rests on.

use serde::Serialize;

use crate::citizens::Citizen;
use crate::citizens::matching::address::{ClaimedUnit, compare_unit};
use crate::citizens::matching::{Anchor, Verdict};
use crate::citizens::model::{RelationToHead, Relative, Residence, Status};
use crate::kernel::{Attribute, AttributeSet, CivilDate};

/// Which registration is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResidenceKind {
    Permanent,
    Temporary,
    Current,
    /// Any of the three.
    Any,
}

/// Since when, at the latest, the registration must have begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// It is enough that it holds today.
    Now,
    Day(CivilDate),
    /// For at least so many whole months.
    Months(u32),
}

/// What the citizen is to the other person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Spouse,
    Parent,
    Child,
    /// They share a recorded parent.
    Sibling,
    Representative,
}

/// Where somebody is asked to reside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AskedResidence {
    pub unit: ClaimedUnit,
    pub kind: ResidenceKind,
    pub since: Since,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Predicate {
    ResidesIn(AskedResidence),
    SameHouseholdAs(Anchor),
    IsHouseholdHead,
    RelationTo { other: Anchor, relation: Relation },
    AgeAtLeast(u8),
}

/// What an answer rests on, or why there is none. Stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The record says so.
    Recorded,
    /// The registration is at a place of this unit, but began later.
    RegisteredLater,
    /// The citizen is recorded as deceased. Whoever may not read the status has not found them.
    Deceased,
    /// The population data hold nothing to answer from.
    NotRecorded,
    /// Only a part of the unit asked about belongs to where the citizen is registered.
    UnitDivided,
    /// The registration is in the unit, but its beginning is not recorded.
    SinceNotRecorded,
    /// The birth date is known to the year or month only, and both answers are possible.
    BirthDatePrecision,
    /// A relative is recorded by name alone.
    RelativeWithoutNumber,
    /// The agreement does not list what the answer would rest on.
    NotAgreed,
    /// Number, name and birth date of the other person do not belong together.
    OtherNoMatch,
}

/// `None`: there is no answer, for the reason given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub answer: Option<bool>,
    pub reason: Reason,
}

impl Answer {
    const NOT_RECORDED: Self = Self::none(Reason::NotRecorded);

    pub const fn none(reason: Reason) -> Self {
        Self { answer: None, reason }
    }

    const fn of(answer: bool, reason: Reason) -> Self {
        Self { answer: Some(answer), reason }
    }

    const fn recorded(answer: bool) -> Self {
        Self::of(answer, Reason::Recorded)
    }
}

impl Predicate {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ResidesIn(_) => "resides_in",
            Self::SameHouseholdAs(_) => "same_household_as",
            Self::IsHouseholdHead => "is_household_head",
            Self::RelationTo { .. } => "relation_to",
            Self::AgeAtLeast(_) => "age_at_least",
        }
    }

    /// The other person it names.
    pub const fn other(&self) -> Option<&Anchor> {
        match self {
            Self::SameHouseholdAs(other) | Self::RelationTo { other, .. } => Some(other),
            Self::ResidesIn(_) | Self::IsHouseholdHead | Self::AgeAtLeast(_) => None,
        }
    }

    /// The attributes an answer may rest on.
    pub fn attributes(&self) -> AttributeSet {
        use Attribute::{
            Children, CurrentResidence, DateOfBirth, Household, Parents, PermanentResidence, Representative, Spouse,
            TemporaryResidence,
        };
        let of = |attributes: &[Attribute]| attributes.iter().copied().collect();
        match self {
            Self::ResidesIn(asked) => match asked.kind {
                ResidenceKind::Permanent => of(&[PermanentResidence]),
                ResidenceKind::Temporary => of(&[TemporaryResidence]),
                ResidenceKind::Current => of(&[CurrentResidence]),
                ResidenceKind::Any => of(&[PermanentResidence, TemporaryResidence, CurrentResidence]),
            },
            Self::SameHouseholdAs(_) | Self::IsHouseholdHead => of(&[Household]),
            Self::RelationTo { relation, .. } => of(match relation {
                Relation::Spouse => &[Spouse],
                Relation::Parent => &[Children],
                Relation::Child | Relation::Sibling => &[Parents],
                Relation::Representative => &[Representative],
            }),
            Self::AgeAtLeast(_) => of(&[DateOfBirth]),
        }
    }

    /// Answers from the record, and that of the other person where one is named. `agreed` are the
    /// attributes the agreement lists: an answer rests on no other.
    pub fn evaluate(
        &self,
        citizen: &Citizen,
        other: Option<&Citizen>,
        agreed: AttributeSet,
        today: CivilDate,
    ) -> Answer {
        let usable = self.attributes().intersection(agreed);
        if usable.is_empty() {
            return Answer::none(Reason::NotAgreed);
        }
        match (self, other) {
            (Self::ResidesIn(asked), _) => resides_in(citizen, (*asked, usable), today),
            (Self::IsHouseholdHead, _) => match &citizen.household {
                Some(household) => Answer::recorded(household.relation_to_head == RelationToHead::Head),
                None => Answer::NOT_RECORDED,
            },
            (Self::AgeAtLeast(years), _) => age_at_least(citizen, i32::from(*years), today),
            (Self::SameHouseholdAs(_), Some(other)) => match (&citizen.household, &other.household) {
                (Some(one), Some(two)) => Answer::recorded(one.household_id == two.household_id),
                _ => Answer::NOT_RECORDED,
            },
            (Self::RelationTo { relation, .. }, Some(other)) => related(citizen, other, *relation),
            (Self::SameHouseholdAs(_) | Self::RelationTo { .. }, None) => Answer::none(Reason::OtherNoMatch),
        }
    }
}

fn resides_in(citizen: &Citizen, (asked, usable): (AskedResidence, AttributeSet), today: CivilDate) -> Answer {
    if citizen.status == Status::Deceased {
        return Answer::of(false, Reason::Deceased);
    }
    let held = [
        (Attribute::PermanentResidence, &citizen.permanent_residence),
        (Attribute::TemporaryResidence, &citizen.temporary_residence),
        (Attribute::CurrentResidence, &citizen.current_residence),
    ];
    let answers = held
        .into_iter()
        .filter(|(attribute, _)| usable.contains(*attribute))
        .map(|(_, residence)| residence.as_ref().map_or(Answer::NOT_RECORDED, |at| resides_at(at, asked, today)));
    // The best there is: yes, then what might be yes, then no.
    let worth = |answer: &Answer| match (answer.answer, answer.reason) {
        (Some(true), _) => 3,
        (None, reason) if reason != Reason::NotRecorded => 2,
        (Some(false), _) => 1,
        (None, _) => 0,
    };
    answers.max_by_key(worth).unwrap_or(Answer::NOT_RECORDED)
}

fn resides_at(at: &Residence, asked: AskedResidence, today: CivilDate) -> Answer {
    if at.until.is_some_and(|until| until < today) {
        return Answer::NOT_RECORDED;
    }
    match compare_unit(asked.unit, &at.unit).verdict {
        Verdict::Exact | Verdict::Equivalent => {}
        Verdict::Close => return Answer::none(Reason::UnitDivided),
        Verdict::NotRecorded => return Answer::NOT_RECORDED,
        _ => return Answer::recorded(false),
    }
    let latest = match asked.since {
        Since::Now => return Answer::recorded(true),
        Since::Day(day) => day,
        Since::Months(months) => match today.minus_months(months) {
            Some(day) => day,
            None => return Answer::of(false, Reason::RegisteredLater),
        },
    };
    match at.since {
        None => Answer::none(Reason::SinceNotRecorded),
        Some(since) if since <= latest => Answer::recorded(true),
        Some(_) => Answer::of(false, Reason::RegisteredLater),
    }
}

fn age_at_least(citizen: &Citizen, years: i32, today: CivilDate) -> Answer {
    let born = citizen.date_of_birth;
    if born.latest().years_until(today) >= years {
        Answer::recorded(true)
    } else if born.earliest().years_until(today) < years {
        Answer::recorded(false)
    } else {
        Answer::none(Reason::BirthDatePrecision)
    }
}

fn related(citizen: &Citizen, other: &Citizen, relation: Relation) -> Answer {
    match relation {
        Relation::Spouse => among(citizen.spouse.iter(), other),
        Relation::Parent => among(citizen.children.iter(), other),
        Relation::Child => among(citizen.parents.iter(), other),
        Relation::Representative => among(other.representative.iter(), citizen),
        Relation::Sibling => siblings(citizen, other),
    }
}

/// Whether `other` is one of the relatives.
fn among<'a>(relatives: impl Iterator<Item = &'a Relative>, other: &Citizen) -> Answer {
    let mut found = Answer::NOT_RECORDED;
    for relative in relatives {
        match &relative.id_number {
            Some(number) if *number == other.id_number || other.cancelled_id_numbers.contains(number) => {
                return Answer::recorded(true);
            }
            Some(_) if found.reason == Reason::RelativeWithoutNumber => {}
            Some(_) => found = Answer::recorded(false),
            None => found = Answer::none(Reason::RelativeWithoutNumber),
        }
    }
    found
}

fn siblings(citizen: &Citizen, other: &Citizen) -> Answer {
    if citizen.citizen_id == other.citizen_id {
        return Answer::recorded(false);
    }
    if citizen.parents.is_empty() || other.parents.is_empty() {
        return Answer::NOT_RECORDED;
    }
    let numbers = |of: &Citizen| of.parents.iter().map(|parent| parent.id_number.clone()).collect::<Vec<_>>();
    let (one, two) = (numbers(citizen), numbers(other));
    if one.iter().flatten().any(|number| two.iter().flatten().any(|its| its == number)) {
        Answer::recorded(true)
    } else if one.iter().chain(&two).any(Option::is_none) {
        Answer::none(Reason::RelativeWithoutNumber)
    } else {
        Answer::recorded(false)
    }
}

#[cfg(test)]
#[path = "predicate_tests.rs"]
mod tests;
