//! Stays found: by the authority in its own units, and by a facility for its own list of the day.

use serde::Serialize;

use super::{FacilityTold, StayTold, Stays, StaysError};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::guard::meter::Standing;
use crate::kernel::{CivilDate, FacilityId, Instant, PartialDate, PersonName, Purpose, StayId, UnitCode};
use crate::stays::model::{Facility, Stay};

/// Whom a search is for.
#[derive(Clone)]
pub enum GuestSought {
    /// The number of a card, passport or other document.
    Number(String),
    NameAndBirth(PersonName, PartialDate),
}

/// Where a page begins: after this stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub arrival: Instant,
    pub stay_id: StayId,
}

/// What the authority looks for.
#[derive(Clone)]
pub struct Search {
    /// Within the agreement's units; all of them if it is empty.
    pub units: Vec<UnitCode>,
    pub facility: Option<FacilityId>,
    /// Stays that had not ended by then.
    pub from: Option<Instant>,
    /// Stays that began before.
    pub until: Option<Instant>,
    pub guest: Option<GuestSought>,
    /// 1 to 500.
    pub limit: usize,
    /// Whose counts are told; today in Viet Nam, if it is not said.
    pub day: Option<CivilDate>,
    pub cursor: Option<Cursor>,
    pub purpose: Purpose,
}

/// A stay with its facility, for the authority.
#[derive(Clone)]
pub struct FoundStay {
    pub stay: Stay,
    pub facility: Facility,
}

/// Figures of one day in Viet Nam, over all that was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DayCounts {
    #[schema(value_type = String)]
    pub day: CivilDate,
    /// Stays that began.
    pub stays: u64,
    /// Guests of these.
    pub guests: u64,
    /// Stays that began, reported after the deadline.
    pub late: u64,
    /// Stays that began, with a guest who does not fit.
    pub marked: u64,
    /// Stays that are not over.
    pub open: u64,
}

/// A page of what was found, newest arrival first.
pub struct Found {
    pub stays: Vec<FoundStay>,
    pub next: Option<Cursor>,
    pub counts: DayCounts,
    pub audit: Receipt,
    pub standing: Standing,
}

/// A facility's list of the day: who arrived today, and whose stay is not over.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Today {
    pub facility: FacilityTold,
    pub stays: Vec<StayTold>,
    pub counts: DayCounts,
    #[schema(value_type = String)]
    pub now: Instant,
}

impl Stays {
    /// Finds stays in the caller's own units. Every guest who is told of stands in the entry.
    pub async fn search(&self, _caller: &Caller, _command: Search) -> Result<Found, StaysError> {
        todo!()
    }

    /// The list of the day of a facility the caller reports for, recorded as any look is.
    pub async fn todays(
        &self,
        _caller: &Caller,
        _facility: FacilityId,
        _purpose: Purpose,
    ) -> Result<Today, StaysError> {
        todo!()
    }
}
