//! Who may have an account, and who stands in for a child (Decree 69/2024 arts. 7 and 10).

use serde::Serialize;

use crate::citizens::Citizen;
use crate::citizens::model::Status;
use crate::kernel::CivilDate;

/// From this age on citizens hold their account by themselves.
const OWN_ACCOUNT_YEARS: i32 = 14;
/// A representative is of full age (Civil Code 91/2015 art. 20).
const FULL_AGE_YEARS: i32 = 18;

/// How an account came to be known as the citizen's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum AccountLevel {
    /// By a code to the recorded contact.
    Level1 = 1,
    /// In person, at a desk.
    Level2 = 2,
}

impl AccountLevel {
    pub fn of_number(number: i16) -> Option<Self> {
        [Self::Level1, Self::Level2].into_iter().find(|level| *level as i16 == number)
    }
}

/// Whether a child's account has who it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guardianship {
    NotNeeded,
    Missing,
    /// Whoever came is not recorded as a parent or representative, or is no living adult.
    NotRecorded,
    Shown,
}

/// Whether the citizen is too young on `day` to hold an account alone. Where the birth date is
/// partly known, the latest day it can mean counts.
pub fn needs_representative(citizen: &Citizen, day: CivilDate) -> bool {
    age(citizen, day) < OWN_ACCOUNT_YEARS
}

/// Whether `other` is recorded as the citizen's parent or representative, and is a living adult.
pub fn stands_for(other: &Citizen, citizen: &Citizen, day: CivilDate) -> bool {
    let recorded = citizen.parents.iter().chain(&citizen.representative).any(|relative| {
        relative.id_number.as_ref().is_some_and(|number| {
            *number == other.id_number || other.cancelled_id_numbers.iter().any(|cancelled| cancelled == number)
        })
    });
    recorded && other.status == Status::Alive && age(other, day) >= FULL_AGE_YEARS
}

fn age(citizen: &Citizen, day: CivilDate) -> i32 {
    citizen.date_of_birth.latest().years_until(day)
}
