//! What an audit entry says. Never personal data: a citizen stands in it by `citizen_id` only.

use serde::Serialize;

use crate::kernel::{AttributeSet, CitizenId, ClientId, Instant, LegalBasis, Officer, ProcedureCode, TransactionId};

/// Whether the client's officer is known to Dancu by name or only claimed by the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficerStanding {
    Registered,
    Asserted,
}

/// What came of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Answered,
    /// No person matched; `subjects` is empty or names whom the failed anchor was about.
    NoMatch,
    /// Refused by agreement, quota, guard or consent.
    Refused,
    /// The same answer given again for a repeated request.
    Replayed,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub transaction: TransactionId,
    pub at: Instant,
    pub client: Option<ClientId>,
    pub officer: Option<(Officer, OfficerStanding)>,
    /// Every person disclosed, the one asked about first.
    pub subjects: Vec<CitizenId>,
    /// Stable name, e.g. `citizens.lookup`.
    pub operation: &'static str,
    /// What was disclosed, or asked for if refused.
    pub attributes: AttributeSet,
    pub procedure: Option<ProcedureCode>,
    pub legal_basis: Option<LegalBasis>,
    pub consent: Option<[u8; 16]>,
    pub outcome: Outcome,
    /// Stable code that explains the outcome (`over_quota`, `attribute_not_agreed`…); `""` if none.
    pub reason: &'static str,
}

/// Where an entry stands; told to the client in `audit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Receipt {
    pub log: String,
    pub log_index: u64,
}
