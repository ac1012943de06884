//! A stay as it is kept, with what became of it.

use serde::{Deserialize, Serialize};

use super::guest::{GuestDetails, GuestReason, GuestVerdict};
use super::notice::Reason;
use super::receipt::SignedReceipt;
use crate::kernel::{CitizenId, ClientId, CommuneCode, FacilityId, Instant, Officer, StayId, TransactionId};

/// What has become of a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StayState {
    /// The guests are there, as far as is known.
    Open,
    Left,
    /// Nobody came, or the notice was a mistake.
    Cancelled,
}

impl StayState {
    pub const ALL: [Self; 3] = [Self::Open, Self::Left, Self::Cancelled];

    /// The column's value.
    pub const fn number(self) -> i16 {
        match self {
            Self::Open => 1,
            Self::Left => 2,
            Self::Cancelled => 3,
        }
    }

    pub fn of_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// One guest of a stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayGuest {
    /// Within the stay, from 1; never given twice.
    pub number: i16,
    pub details: GuestDetails,
    pub reason: GuestReason,
    /// Whom verifying found; told to nobody.
    pub citizen: Option<CitizenId>,
    /// Exchanged or taken back by an amendment.
    pub removed_at: Option<Instant>,
}

impl StayGuest {
    pub const fn verdict(&self) -> GuestVerdict {
        self.reason.verdict()
    }
}

/// What happened to a stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Reported,
    Amended,
    Extended,
    CheckedOut,
    Cancelled,
}

/// One member that a change gave another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldChange {
    /// `room`, `arrival`, `planned_departure`, `reason`, `note`, `guests`.
    pub field: String,
    /// Of `guests`: the numbers of those before.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// One line of a stay's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayChange {
    pub at: Instant,
    pub kind: ChangeKind,
    pub client: ClientId,
    pub officer: Option<Officer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
    /// Of its audit entry.
    pub transaction: TransactionId,
}

/// A reported stay.
#[derive(Clone, PartialEq, Eq)]
pub struct Stay {
    pub id: StayId,
    pub facility_id: FacilityId,
    /// Whose facility it is.
    pub client: ClientId,
    pub commune: CommuneCode,
    pub room: Option<String>,
    pub arrival: Instant,
    pub planned_departure: Option<Instant>,
    pub left_at: Option<Instant>,
    pub state: StayState,
    pub reason: Reason,
    pub note: Option<String>,
    /// Those who were taken back too.
    pub guests: Vec<StayGuest>,
    /// Oldest first.
    pub history: Vec<StayChange>,
    pub received_at: Instant,
    pub deadline: Instant,
    pub on_time: bool,
    /// Of the receipt, from 1.
    pub revision: u32,
    pub receipt: SignedReceipt,
}

impl Stay {
    /// The guests who were not taken back.
    pub fn present(&self) -> impl Iterator<Item = &StayGuest> {
        self.guests.iter().filter(|guest| guest.removed_at.is_none())
    }

    /// Whom verifying found among the guests who were not taken back.
    pub fn citizens(&self) -> Vec<CitizenId> {
        let mut citizens: Vec<CitizenId> = Vec::new();
        for citizen in self.present().filter_map(|guest| guest.citizen) {
            if !citizens.contains(&citizen) {
                citizens.push(citizen);
            }
        }
        citizens
    }

    /// When the guests are reported to be there: from the arrival until they left or, if that is not reported, mean to
    /// leave. `None` of a stay that was cancelled.
    pub fn period(&self) -> Option<StayPeriod> {
        StayPeriod::of(self.state, self.arrival, self.planned_departure, self.left_at)
    }

    /// Whether some guest is not who they are said to be.
    pub fn is_marked(&self) -> bool {
        self.present().any(|guest| guest.verdict() == GuestVerdict::Mismatch)
    }
}

/// The time between an arrival and a departure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StayPeriod {
    pub from: Instant,
    /// `None`: no end is reported.
    pub until: Option<Instant>,
}

impl StayPeriod {
    /// `None` of a stay that was cancelled.
    pub fn of(
        state: StayState,
        arrival: Instant,
        planned_departure: Option<Instant>,
        left_at: Option<Instant>,
    ) -> Option<Self> {
        let until = match state {
            StayState::Open => planned_departure,
            StayState::Left => left_at,
            StayState::Cancelled => return None,
        };
        Some(Self { from: arrival, until })
    }

    /// Whether somebody reported for both would be at two places at once; who leaves when the other begins is not.
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_before_end_of = |one: &Self, other: &Self| other.until.is_none_or(|until| one.from < until);
        begins_before_end_of(self, other) && begins_before_end_of(other, self)
    }
}

impl std::fmt::Debug for Stay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stay").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_overlap_where_somebody_would_be_at_two_places() {
        let at = Instant::from_seconds;
        let period = |from, until: Option<i64>| StayPeriod { from: at(from), until: until.map(at) };
        let stay = period(10, Some(20));
        for (other, expected) in [
            (period(12, Some(15)), true),
            (period(5, Some(11)), true),
            (period(19, None), true),
            (period(5, None), true),
            (period(10, Some(20)), true),
            (period(20, Some(30)), false),
            (period(20, None), false),
            (period(5, Some(10)), false),
        ] {
            assert_eq!((stay.overlaps(&other), other.overlaps(&stay)), (expected, expected), "{other:?}");
        }
    }

    #[test]
    fn a_stay_ends_when_the_guests_left_and_is_no_time_once_cancelled() {
        let (arrival, planned, left) =
            (Instant::from_seconds(1), Some(Instant::from_seconds(9)), Some(Instant::from_seconds(5)));
        let until = |state, left| StayPeriod::of(state, arrival, planned, left).map(|period| period.until);
        assert_eq!(until(StayState::Open, None), Some(planned));
        assert_eq!(until(StayState::Left, left), Some(left));
        assert_eq!(until(StayState::Cancelled, left), None);
    }
}
