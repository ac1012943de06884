//! What about a citizen changed.

use std::ops::BitOr;

use super::model::{Citizen, Status};

/// The kinds of one change, as the change log keeps them (a bit each). Reactors choose by them
/// without opening the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ChangeKinds(i16);

impl ChangeKinds {
    pub const NONE: Self = Self(0);
    /// The citizen is new in the store.
    pub const CREATED: Self = Self(1);
    /// Alive, deceased or missing.
    pub const STATUS: Self = Self(1 << 1);
    /// A permanent, temporary or current residence, or an absence.
    pub const RESIDENCE: Self = Self(1 << 2);
    /// The personal number, a cancelled one, or the CMND.
    pub const NUMBER: Self = Self(1 << 3);
    /// Name, birth date or sex.
    pub const IDENTITY: Self = Self(1 << 4);
    /// The household, or the relation to its head.
    pub const HOUSEHOLD: Self = Self(1 << 5);
    /// The card.
    pub const CARD: Self = Self(1 << 6);
    /// Anything else in the record.
    pub const OTHER: Self = Self(1 << 7);

    pub const fn from_bits(bits: i16) -> Self {
        Self(bits)
    }

    pub const fn bits(self) -> i16 {
        self.0
    }

    /// Whether any kind of `other` is among these.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// What is different in `new`; [`NONE`](Self::NONE) if nothing is.
    pub fn between(old: &Citizen, new: &Citizen) -> Self {
        let mut kinds = Self::NONE;
        let mut note = |differs: bool, kind: Self| {
            if differs {
                kinds = kinds | kind;
            }
        };
        note((old.status, old.status_date) != (new.status, new.status_date), Self::STATUS);
        note(residences(old) != residences(new), Self::RESIDENCE);
        note(
            (&old.id_number, &old.cancelled_id_numbers, &old.legacy_id_number)
                != (&new.id_number, &new.cancelled_id_numbers, &new.legacy_id_number),
            Self::NUMBER,
        );
        note(
            (&old.full_name, &old.other_name, old.date_of_birth, old.sex)
                != (&new.full_name, &new.other_name, new.date_of_birth, new.sex),
            Self::IDENTITY,
        );
        note(old.household != new.household, Self::HOUSEHOLD);
        note(old.card != new.card, Self::CARD);
        if kinds == Self::NONE && old != new { Self::OTHER } else { kinds }
    }

    /// The kinds of a first version.
    pub fn of_new(citizen: &Citizen) -> Self {
        if citizen.status == Status::Alive { Self::CREATED } else { Self::CREATED | Self::STATUS }
    }
}

type Residences<'a> = [&'a Option<super::model::Residence>; 4];

fn residences(citizen: &Citizen) -> Residences<'_> {
    [&citizen.permanent_residence, &citizen.temporary_residence, &citizen.current_residence, &citizen.temporary_absence]
}

impl BitOr for ChangeKinds {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
