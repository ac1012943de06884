//! What a client is and what its agreement lets it ask.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::audit::OfficerStanding;
use crate::kernel::{AttributeSet, ClientId, Instant, LegalBasis, ProcedureCode, Purpose};

/// `service`: machine to machine. `fapi2`: FAPI 2.0. `baseline`: plain OpenID Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientProfile {
    Service,
    Fapi2,
    Baseline,
}

/// How much an answer may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    Boolean,
    Full,
}

/// One operation; its name is also the OAuth scope (design: HTTP conventions).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operation {
    #[serde(rename = "citizens:lookup")]
    CitizensLookup,
    #[serde(rename = "citizens:verify")]
    CitizensVerify,
    #[serde(rename = "qr:verify")]
    QrVerify,
    #[serde(rename = "qr:issue")]
    QrIssue,
    #[serde(rename = "residence:check")]
    ResidenceCheck,
    #[serde(rename = "residence:confirm")]
    ResidenceConfirm,
    #[serde(rename = "forms:prefill")]
    FormsPrefill,
    #[serde(rename = "population:write")]
    PopulationWrite,
    #[serde(rename = "stays:report")]
    StaysReport,
    #[serde(rename = "stays:read")]
    StaysRead,
    #[serde(rename = "audit:read")]
    AuditRead,
}

pub type OperationSet = BTreeSet<Operation>;

#[derive(Debug, Clone)]
pub struct Agreement {
    pub operations: OperationSet,
    pub procedures: BTreeSet<ProcedureCode>,
    pub legal_bases: BTreeSet<LegalBasis>,
    pub attributes: AttributeSet,
    pub detail: Detail,
    /// Calls per minute; batch lines count like calls.
    pub per_minute: u32,
    pub per_day: u64,
    pub valid_from: Instant,
    pub valid_until: Instant,
    /// Whether plain Bearer tokens may be used (profile `service` only).
    pub bearer: bool,
}

#[derive(Debug, Clone)]
pub struct RegisteredOfficer {
    pub id: String,
    pub unit: String,
}

#[derive(Debug, Clone)]
pub struct Client {
    pub id: ClientId,
    pub name: String,
    pub profile: ClientProfile,
    pub state_body: bool,
    pub enabled: bool,
    pub officers: Vec<RegisteredOfficer>,
    pub agreement: Agreement,
}

/// Why an agreement does not cover a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the agreement is not in force")]
    NotInForce,
    #[error("the agreement does not list the operation")]
    Operation,
    #[error("the agreement does not list the procedure")]
    Procedure,
    #[error("the agreement does not list the legal basis")]
    LegalBasis,
    #[error("an officer must be named")]
    OfficerMissing,
    #[error("consent is the legal basis, and none is on record")]
    ConsentMissing,
}

impl Client {
    /// Whether the agreement covers `operation` for `purpose` at `now`; says how the officer stands.
    /// Attributes outside the agreement are not refused here: they are withheld.
    pub fn authorise(
        &self,
        _operation: Operation,
        _purpose: &Purpose,
        _now: Instant,
    ) -> Result<Option<OfficerStanding>, Refusal> {
        todo!()
    }
}
