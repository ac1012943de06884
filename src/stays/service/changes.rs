//! What becomes of a stay, each change with its line of history.

use serde::Serialize;

use super::{GuestTold, ReceiptTold, Stays, StaysError};
use crate::access::Caller;
use crate::citizens::Answer;
use crate::kernel::{FacilityId, Instant, Purpose, StayId};
use crate::stays::model::{ChangeKind, FieldChange, GuestGiven, Reason, StayState};

/// What an amendment does to the guests.
#[derive(Clone)]
pub enum AmendGuest {
    Add(GuestGiven),
    /// The guest of this number was somebody else.
    Exchange(i16, GuestGiven),
    Remove(i16),
}

/// What is put right; what is `None` stays.
#[derive(Clone)]
pub struct Amend {
    pub stay_id: StayId,
    pub room: Option<String>,
    pub arrival: Option<Instant>,
    pub planned_departure: Option<Instant>,
    pub reason: Option<Reason>,
    pub note: Option<String>,
    pub guests: Vec<AmendGuest>,
    pub purpose: Purpose,
    pub idempotency_key: Option<String>,
}

#[derive(Clone)]
pub struct Extend {
    pub stay_id: StayId,
    pub planned_departure: Instant,
    pub purpose: Purpose,
}

#[derive(Clone)]
pub struct CheckOut {
    pub stay_id: StayId,
    /// Now, if it is not said.
    pub left_at: Option<Instant>,
    pub purpose: Purpose,
}

#[derive(Clone)]
pub struct CancelStay {
    pub stay_id: StayId,
    pub purpose: Purpose,
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
    pub guests: Vec<GuestTold>,
    #[schema(value_type = String)]
    pub deadline: Instant,
    pub on_time: bool,
    pub history: Vec<ChangeTold>,
    pub receipt: ReceiptTold,
}

impl Stays {
    /// Puts a stay right: its room, times, reason, and its guests.
    pub async fn amend(&self, _caller: &Caller, _command: Amend) -> Result<Answer<StayTold>, StaysError> {
        todo!()
    }

    pub async fn extend(&self, _caller: &Caller, _command: Extend) -> Result<Answer<StayTold>, StaysError> {
        todo!()
    }

    pub async fn check_out(&self, _caller: &Caller, _command: CheckOut) -> Result<Answer<StayTold>, StaysError> {
        todo!()
    }

    pub async fn cancel(&self, _caller: &Caller, _command: CancelStay) -> Result<Answer<StayTold>, StaysError> {
        todo!()
    }
}
