//! Stays as their facilities are told of them.

use serde::Serialize;

use crate::kernel::{FacilityId, Instant, PersonName, StayId, TransactionId};
use crate::stays::model::{
    ChangeKind, FieldChange, GuestReason, GuestSource, GuestVerdict, Reason, SignedReceipt, Stay, StayChange,
    StayGuest, StayState, minutes_left,
};

/// One guest as the facility is told of them.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct GuestTold {
    /// Within the stay, from 1.
    pub number: i16,
    pub source: GuestSource,
    pub verdict: GuestVerdict,
    pub reason: GuestReason,
    /// `null` where the guest shares it with the authority alone.
    #[schema(value_type = Option<String>)]
    pub full_name: Option<PersonName>,
}

/// A stay that was taken, or had been before.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Reported {
    /// Of the notice's entry.
    #[schema(value_type = String)]
    pub transaction_id: TransactionId,
    #[schema(value_type = String)]
    pub stay_id: StayId,
    /// Whether facility, guests and arrival had been reported before: it is the same stay.
    pub repeated: bool,
    pub guests: Vec<GuestTold>,
    /// The instant before which the arrival had to be reported.
    #[schema(value_type = String)]
    pub deadline: Instant,
    pub on_time: bool,
    /// Whole minutes to the deadline; 0 once it is over.
    pub minutes_left: u64,
    pub receipt: SignedReceipt,
}

/// One line of the history as it is told.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ChangeTold {
    #[schema(value_type = String)]
    pub at: Instant,
    pub change: ChangeKind,
    /// The officer's id in the client's words.
    pub officer: Option<String>,
    pub changes: Vec<FieldChange>,
}

/// A stay as its facility sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StayTold {
    /// Of the last change's entry.
    #[schema(value_type = Option<String>)]
    pub transaction_id: Option<TransactionId>,
    #[schema(value_type = String)]
    pub stay_id: StayId,
    #[schema(value_type = String)]
    pub facility_id: FacilityId,
    pub state: StayState,
    pub room: Option<String>,
    #[schema(value_type = String)]
    pub arrival: Instant,
    #[schema(value_type = Option<String>)]
    pub planned_departure: Option<Instant>,
    #[schema(value_type = Option<String>)]
    pub left_at: Option<Instant>,
    pub reason: Reason,
    pub note: Option<String>,
    /// Those who were not taken back.
    pub guests: Vec<GuestTold>,
    #[schema(value_type = String)]
    pub deadline: Instant,
    pub on_time: bool,
    /// Oldest first.
    pub history: Vec<ChangeTold>,
    pub receipt: SignedReceipt,
}

impl GuestTold {
    pub fn of(guest: &StayGuest) -> Self {
        let details = &guest.details;
        Self {
            number: guest.number,
            source: details.source,
            verdict: guest.verdict(),
            reason: guest.reason,
            full_name: details.full_name.clone().filter(|_| details.known_to_facility),
        }
    }
}

impl Reported {
    pub fn of(stay: &Stay, repeated: bool, now: Instant) -> Self {
        Self {
            transaction_id: stay.receipt.document.audit.transaction_id,
            stay_id: stay.id,
            repeated,
            guests: stay.present().map(GuestTold::of).collect(),
            deadline: stay.deadline,
            on_time: stay.on_time,
            minutes_left: minutes_left(stay.deadline, now),
            receipt: stay.receipt.clone(),
        }
    }
}

impl ChangeTold {
    pub fn of(change: &StayChange) -> Self {
        Self {
            at: change.at,
            change: change.kind,
            officer: change.officer.as_ref().map(|officer| officer.id.to_string()),
            changes: change.changes.clone(),
        }
    }
}

impl StayTold {
    pub fn of(stay: &Stay) -> Self {
        Self {
            transaction_id: stay.history.last().map(|change| change.transaction),
            stay_id: stay.id,
            facility_id: stay.facility_id,
            state: stay.state,
            room: stay.room.clone(),
            arrival: stay.arrival,
            planned_departure: stay.planned_departure,
            left_at: stay.left_at,
            reason: stay.reason,
            note: stay.note.clone(),
            guests: stay.present().map(GuestTold::of).collect(),
            deadline: stay.deadline,
            on_time: stay.on_time,
            history: stay.history.iter().map(ChangeTold::of).collect(),
            receipt: stay.receipt.clone(),
        }
    }
}
