//! Comparing dates at the coarser precision of the two, and saying which side was coarser.

use std::cmp::Ordering;

use super::verdict::{Comparison, Reason, Verdict};
use crate::kernel::{CivilDate, PartialDate};

/// Compares a date as given with a record's.
pub fn compare_dates(given: PartialDate, record: PartialDate) -> Comparison {
    let precision = given.precision().min(record.precision());
    if given.at(precision) == record.at(precision) {
        return match given.precision().cmp(&record.precision()) {
            Ordering::Equal => Comparison::SAME,
            Ordering::Greater => Comparison::new(Verdict::Equivalent, Reason::RecordCoarser),
            Ordering::Less => Comparison::new(Verdict::Equivalent, Reason::GivenCoarser),
        };
    }
    match (given, record) {
        (PartialDate::Day(given), PartialDate::Day(record)) if swapped(given) == Some(record) => {
            Comparison::new(Verdict::Close, Reason::DayAndMonthSwapped)
        }
        _ => Comparison::DIFFERS,
    }
}

/// The date with day and month in each other's place, if there is one.
fn swapped(date: CivilDate) -> Option<CivilDate> {
    CivilDate::new(date.year(), date.day(), date.month())
}

/// Whether a date is known at least as precisely as the record's: what an anchor asks for.
pub fn as_precise_as(given: PartialDate, record: PartialDate) -> bool {
    given.precision() >= record.precision()
}
