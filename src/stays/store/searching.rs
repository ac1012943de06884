//! Stays found by place, time and guest, and counted.

use diesel::dsl::{count_star, sum};
use diesel::prelude::*;

use super::stays::StayRow;
use crate::storage::schema::{stay_guests, stays};
use crate::storage::{Db, StorageError, per_arm};

const OPEN: i16 = 1;
const LEFT: i16 = 2;
const CANCELLED: i16 = 3;

/// What is sought; instants in microseconds.
#[derive(Debug, Clone)]
pub struct Sought {
    /// Communes; none of them finds nothing.
    pub communes: Vec<i32>,
    pub facility: Option<Vec<u8>>,
    /// Stays that had not ended by then.
    pub from: Option<i64>,
    /// Stays that began before.
    pub until: Option<i64>,
    /// Stays with a guest of one of these documents …
    pub documents: Option<Vec<Vec<u8>>>,
    /// … or of one of these names and birth dates.
    pub persons: Option<Vec<Vec<u8>>>,
    /// Those after this one: arrival and key.
    pub after: Option<(i64, Vec<u8>)>,
    pub limit: i64,
}

/// Newest arrival first.
pub fn search(db: &mut Db, sought: &Sought) -> Result<Vec<StayRow>, StorageError> {
    // The boxed query names its backend, so it is compiled for each.
    let rows = per_arm!(db, conn => {
        let mut rows = stays::table
            .filter(stays::commune.eq_any(&sought.communes))
            .select(StayRow::as_select())
            .into_boxed();
        if let Some(facility) = &sought.facility {
            rows = rows.filter(stays::facility_id.eq(facility));
        }
        if let Some(until) = sought.until {
            rows = rows.filter(stays::arrival.lt(until));
        }
        if let Some(from) = sought.from {
            let open = stays::left_at.is_null().and(stays::state.eq(OPEN));
            rows = rows.filter(open.or(stays::left_at.ge(from)).or(stays::arrival.ge(from)));
        }
        if let Some(documents) = &sought.documents {
            let with = stay_guests::table
                .filter(stay_guests::document.eq_any(documents))
                .filter(stay_guests::removed_at.is_null())
                .select(stay_guests::stay_id);
            rows = rows.filter(stays::stay_id.eq_any(with));
        }
        if let Some(persons) = &sought.persons {
            let with = stay_guests::table
                .filter(stay_guests::person.eq_any(persons))
                .filter(stay_guests::removed_at.is_null())
                .select(stay_guests::stay_id);
            rows = rows.filter(stays::stay_id.eq_any(with));
        }
        if let Some((arrival, id)) = &sought.after {
            let same = stays::arrival.eq(*arrival).and(stays::stay_id.lt(id));
            rows = rows.filter(stays::arrival.lt(*arrival).or(same));
        }
        rows.order((stays::arrival.desc(), stays::stay_id.desc())).limit(sought.limit).load(conn)
    })?;
    Ok(rows)
}

/// Stays of a facility that arrived in a span of time, or are open; newest arrival first.
pub fn of_facility(
    db: &mut Db,
    facility: &[u8],
    (from, until): (i64, i64),
    limit: i64,
) -> Result<Vec<StayRow>, StorageError> {
    let arrived = stays::arrival.ge(from).and(stays::arrival.lt(until));
    Ok(stays::table
        .filter(stays::facility_id.eq(facility))
        .filter(arrived.or(stays::state.eq(OPEN)))
        .order((stays::arrival.desc(), stays::stay_id.desc()))
        .limit(limit)
        .select(StayRow::as_select())
        .load(db)?)
}

/// A stay of a citizen, as far as it says where and when.
#[derive(Debug, Queryable)]
pub struct CitizenStayRow {
    pub citizen_id: Vec<u8>,
    pub facility_id: Vec<u8>,
    pub state: i16,
    pub arrival: i64,
    pub planned_departure: Option<i64>,
    pub left_at: Option<i64>,
}

/// The stays of citizens that were not cancelled or over by `from`, and began before `until`; a guest who was taken
/// back is in none.
pub fn of_citizens(
    db: &mut Db,
    citizens: &[Vec<u8>],
    (from, until): (i64, Option<i64>),
) -> Result<Vec<CitizenStayRow>, StorageError> {
    let mut found = Vec::new();
    for chunk in citizens.chunks(super::guests::KEYS_AT_ONCE) {
        let open = stays::state.eq(OPEN).and(stays::planned_departure.is_null().or(stays::planned_departure.gt(from)));
        let left = stays::state.eq(LEFT).and(stays::left_at.gt(from));
        let rows = stay_guests::table
            .inner_join(stays::table)
            .filter(stay_guests::citizen_id.eq_any(chunk))
            .filter(stay_guests::removed_at.is_null())
            .filter(open.or(left))
            .filter(stays::arrival.lt(until.unwrap_or(i64::MAX)))
            .select((
                stay_guests::citizen_id.assume_not_null(),
                stays::facility_id,
                stays::state,
                stays::arrival,
                stays::planned_departure,
                stays::left_at,
            ));
        found.append(&mut rows.load(db)?);
    }
    Ok(found)
}

/// Figures of a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub stays: i64,
    pub guests: i64,
    pub late: i64,
    pub marked: i64,
    pub open: i64,
}

/// Counts the stays that began in a span of time and were not cancelled, and those that are open.
pub fn count(
    db: &mut Db,
    communes: &[i32],
    facility: Option<&[u8]>,
    (from, until): (i64, i64),
) -> Result<Counts, StorageError> {
    let groups: Vec<(bool, bool, i64, Option<i64>)> = per_arm!(db, conn => {
        let mut rows = stays::table
            .filter(stays::commune.eq_any(communes))
            .filter(stays::arrival.ge(from))
            .filter(stays::arrival.lt(until))
            .filter(stays::state.ne(CANCELLED))
            .group_by((stays::on_time, stays::marked))
            .select((stays::on_time, stays::marked, count_star(), sum(stays::guests)))
            .into_boxed();
        if let Some(facility) = facility {
            rows = rows.filter(stays::facility_id.eq(facility));
        }
        rows.load(conn)
    })?;
    let open: i64 = per_arm!(db, conn => {
        let mut rows = stays::table
            .filter(stays::commune.eq_any(communes))
            .filter(stays::state.eq(OPEN))
            .select(count_star())
            .into_boxed();
        if let Some(facility) = facility {
            rows = rows.filter(stays::facility_id.eq(facility));
        }
        rows.get_result(conn)
    })?;
    let mut counts = Counts { open, ..Counts::default() };
    for (on_time, marked, stays, guests) in groups {
        counts.stays += stays;
        counts.guests += guests.unwrap_or(0);
        counts.late += if on_time { 0 } else { stays };
        counts.marked += if marked { stays } else { 0 };
    }
    Ok(counts)
}
