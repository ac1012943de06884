//! A request for a citizen's approval, and what becomes of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::MatchNumber;
use crate::kernel::{
    AttributeSet, CitizenId, ClientId, ConsentId, DeviceId, Instant, LegalBasis, Level, ProcedureCode, TransactionId,
};

/// No request lives longer (app-to-app flows of Decree 69/2024 use the same time).
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(300);

/// What was approved in a request's last second may still be taken: so long after its end.
pub const TAKING_TIME: Duration = Duration::from_secs(60);

/// Where a request began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A page of a sign-in, maybe far away from the citizen.
    Page,
    /// A counter where the citizen stands.
    Counter,
}

impl Channel {
    /// As a column value.
    pub(in crate::eid) const fn number(self) -> i16 {
        match self {
            Self::Page => 1,
            Self::Counter => 2,
        }
    }
}

/// What a client wants a citizen to approve.
#[derive(Debug, Clone)]
pub struct ApprovalRequest {
    pub client: ClientId,
    /// Who is asked; `None`: whoever scans, or names themselves by [`Eid::address`].
    ///
    /// [`Eid::address`]: crate::eid::Eid::address
    pub citizen: Option<CitizenId>,
    /// The client named somebody who leads to nobody: the request lives and expires like any other
    /// and can be neither scanned nor addressed.
    pub unknown: bool,
    pub level: Level,
    /// What the client would learn.
    pub attributes: AttributeSet,
    pub procedure: Option<ProcedureCode>,
    pub legal_basis: Option<LegalBasis>,
    /// How long the consent that is given with the approval holds; `None`: no consent is asked for.
    pub consent_for: Option<Duration>,
    /// The client's own words (CIBA `binding_message`).
    pub message: Option<String>,
    pub place: Option<String>,
    pub channel: Channel,
    /// At most [`LONGEST_LIFETIME`].
    pub lifetime: Duration,
}

/// A request that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub transaction: TransactionId,
    /// Shown by the starting screen.
    pub digits: MatchNumber,
    /// The text of the QR that the app scans; no personal data.
    pub scan: String,
    pub expires: Instant,
}

/// What became of a request. All but `Pending` are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransactionState {
    Pending,
    Approved,
    Rejected,
    Expired,
    /// Other digits were typed than the starting screen shows.
    Mismatch,
}

impl TransactionState {
    /// As a column value. `Expired` is told by the clock and stands in no column.
    pub(in crate::eid) const fn number(self) -> i16 {
        match self {
            Self::Pending | Self::Expired => 0,
            Self::Approved => 1,
            Self::Rejected => 2,
            Self::Mismatch => 3,
        }
    }

    /// The state of a row at `now`. An approval that nobody took in time has expired.
    pub(in crate::eid) fn of_row(number: i16, taken: bool, expires: Instant, now: Instant) -> Option<Self> {
        Some(match number {
            0 if expires <= now => Self::Expired,
            1 if expires.plus(TAKING_TIME) <= now && !taken => Self::Expired,
            0 => Self::Pending,
            1 => Self::Approved,
            2 => Self::Rejected,
            3 => Self::Mismatch,
            _ => return None,
        })
    }
}

/// What the citizen decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approve,
    Reject,
}

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Approved,
    Rejected,
    /// The digits were others; the request is over.
    Mismatch,
}

/// A citizen's approval, spent by whoever takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    pub transaction: TransactionId,
    pub client: ClientId,
    pub citizen_id: CitizenId,
    /// The device that approved.
    pub device: DeviceId,
    /// The level that was asked for, and reached.
    pub level: Level,
    /// RFC 8176: `pop`, and with a passcode `pin` and `mfa`.
    pub amr: Vec<&'static str>,
    pub approved_at: Instant,
    pub attributes: AttributeSet,
    pub procedure: Option<ProcedureCode>,
    pub legal_basis: Option<LegalBasis>,
    /// Given with the approval, and on record since it was taken.
    pub consent: Option<ConsentId>,
}

impl Approval {
    /// The methods that reach a level.
    pub(in crate::eid) fn methods(level: Level) -> Vec<&'static str> {
        if level >= Level::L2 { vec!["pop", "pin", "mfa"] } else { vec!["pop"] }
    }
}
