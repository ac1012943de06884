//! Who is reported at two places at once. It is worked out when the authority reads, from what stands then, and by
//! `citizen_id`: nothing of it is kept, so that nothing outlasts the notice it came from, and lodgings, which
//! could follow a person by it, are told nothing of it.

use std::collections::{BTreeSet, HashMap};

use crate::kernel::{CitizenId, FacilityId, Instant};
use crate::stays::model::{Stay, StayPeriod, StayState};
use crate::stays::store::searching::{self, CitizenStayRow};
use crate::storage::{Db, StorageError};

/// Where and when each citizen is reported.
type ReportedStays = HashMap<CitizenId, Vec<(FacilityId, StayPeriod)>>;

/// Of each of these stays, the numbers of the guests who are reported at another facility for the same time.
pub(super) fn guests_elsewhere(db: &mut Db, stays: &[Stay]) -> Result<Vec<BTreeSet<i16>>, StorageError> {
    let reported = reported_stays(db, stays)?;
    Ok(stays.iter().map(|stay| elsewhere(stay, &reported)).collect())
}

fn elsewhere(stay: &Stay, reported: &ReportedStays) -> BTreeSet<i16> {
    let Some(period) = stay.period() else { return BTreeSet::new() };
    let is_elsewhere = |citizen: &CitizenId| {
        let mut others = reported.get(citizen).into_iter().flatten();
        others.any(|(facility, other)| *facility != stay.facility_id && period.overlaps(other))
    };
    let elsewhere = stay.present().filter(|guest| guest.citizen.as_ref().is_some_and(is_elsewhere));
    elsewhere.map(|guest| guest.number).collect()
}

/// Every stay of a citizen of `stays` that may overlap one of them.
fn reported_stays(db: &mut Db, stays: &[Stay]) -> Result<ReportedStays, StorageError> {
    let periods = || stays.iter().filter_map(Stay::period);
    let Some(from) = periods().map(|period| period.from).min() else { return Ok(ReportedStays::new()) };
    let ends: Option<Vec<Instant>> = periods().map(|period| period.until).collect();
    let until = ends.and_then(|ends| ends.into_iter().max()).map(Instant::as_micros);
    let citizens: BTreeSet<CitizenId> = stays.iter().flat_map(Stay::citizens).collect();
    let citizens: Vec<Vec<u8>> = citizens.iter().map(|citizen| citizen.as_bytes().to_vec()).collect();
    let mut reported = ReportedStays::new();
    for row in searching::of_citizens(db, &citizens, (from.as_micros(), until))? {
        let (citizen, facility, period) = read(&row)?;
        if let Some(period) = period {
            reported.entry(citizen).or_default().push((facility, period));
        }
    }
    Ok(reported)
}

fn read(row: &CitizenStayRow) -> Result<(CitizenId, FacilityId, Option<StayPeriod>), StorageError> {
    let citizen =
        CitizenId::from_slice(&row.citizen_id).ok_or(StorageError::inconsistent("stay_guests", "citizen_id"))?;
    let facility =
        FacilityId::from_slice(&row.facility_id).ok_or(StorageError::inconsistent("stays", "facility_id"))?;
    let state = StayState::of_number(row.state).ok_or(StorageError::inconsistent("stays", "state"))?;
    let (planned, left) = (row.planned_departure.map(Instant::from_micros), row.left_at.map(Instant::from_micros));
    Ok((citizen, facility, StayPeriod::of(state, Instant::from_micros(row.arrival), planned, left)))
}
