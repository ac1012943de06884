//! The anchor: a person is spoken of only if number, name and birth date all belong together.

use super::claims::Record;
use super::date::{as_precise_as, compare_dates};
use super::name::compare_names;
use super::verdict::Comparison;
use crate::kernel::{AnchorNumber, PartialDate, PersonName};

/// What a number is to the person it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberStanding {
    Current,
    /// Cancelled (Decree 70/2024 art. 11), but still this person's.
    Cancelled,
    Legacy,
}

/// What must belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    pub number: AnchorNumber,
    pub full_name: PersonName,
    pub date_of_birth: PartialDate,
}

/// How an anchor holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    pub number: NumberStanding,
    pub name: Comparison,
    pub date: Comparison,
}

impl Anchored {
    /// The citizen speaks for themself: nothing was compared.
    pub const OWN: Self = Self { number: NumberStanding::Current, name: Comparison::SAME, date: Comparison::SAME };
}

/// What an anchor finds among the people a number leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Among<T> {
    Nobody,
    One(T, Anchored),
    /// More than one fits, so none is anchored.
    Several,
}

impl Anchor {
    /// Whether the anchor holds for this record: all three at tier *equivalent* or better, the date
    /// at least as precise as the record's. All three are always compared, so that every refusal
    /// has done the same work.
    pub fn holds(&self, record: Record<'_>) -> Option<Anchored> {
        let citizen = record.citizen;
        let number = standing(&self.number, record);
        // As written, nearly always; letters need not be looked at one by one for that.
        let same = self.full_name == citizen.full_name;
        let name = if same { Comparison::SAME } else { compare_names(&self.full_name, record.full_name) };
        let date = compare_dates(self.date_of_birth, citizen.date_of_birth);
        let precise = as_precise_as(self.date_of_birth, citizen.date_of_birth);
        let fits = name.verdict.verifies() & date.verdict.verifies() & precise;
        number.filter(|_| fits).map(|number| Anchored { number, name, date })
    }

    /// The one record the anchor holds for.
    pub fn among<T>(&self, records: impl IntoIterator<Item = T>, view: impl Fn(&T) -> Record<'_>) -> Among<T> {
        let mut found = Among::Nobody;
        for record in records {
            if let Some(anchored) = self.holds(view(&record)) {
                found = match found {
                    Among::Nobody => Among::One(record, anchored),
                    Among::One(..) | Among::Several => Among::Several,
                };
            }
        }
        found
    }
}

/// What the number is to the person; `None` if it is not theirs.
pub fn standing(number: &AnchorNumber, record: Record<'_>) -> Option<NumberStanding> {
    let citizen = record.citizen;
    match number {
        AnchorNumber::Personal(number) if *number == citizen.id_number => Some(NumberStanding::Current),
        AnchorNumber::Personal(number) => {
            citizen.cancelled_id_numbers.contains(number).then_some(NumberStanding::Cancelled)
        }
        AnchorNumber::Legacy(number) => {
            (citizen.legacy_id_number.as_ref() == Some(number)).then_some(NumberStanding::Legacy)
        }
    }
}
