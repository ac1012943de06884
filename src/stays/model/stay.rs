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
    /// Reported as staying elsewhere at the same time.
    pub elsewhere: bool,
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

    /// Whether some guest is not who they are said to be.
    pub fn is_marked(&self) -> bool {
        self.present().any(|guest| guest.verdict() == GuestVerdict::Mismatch)
    }
}

impl std::fmt::Debug for Stay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stay").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}
