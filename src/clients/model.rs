//! What a client is and what its agreement lets it ask.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Operation, OperationSet, Registration, SecretTag, Stoppable, Stops};
use crate::audit::OfficerStanding;
use crate::crypto::{Algorithm, VerifyingKey};
use crate::kernel::{
    Attribute, AttributeSet, ClientId, Instant, LegalBasis, Level, Officer, ProcedureCode, Purpose, UnitCode,
};

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

/// What a client may ask, how, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    pub operations: OperationSet,
    pub procedures: BTreeSet<ProcedureCode>,
    pub legal_bases: BTreeSet<LegalBasis>,
    pub attributes: AttributeSet,
    /// Procedures in which the other members of a household may be named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub household_members: BTreeSet<ProcedureCode>,
    pub detail: Detail,
    /// Calls per minute; batch lines count like calls.
    pub per_minute: u32,
    pub per_day: u64,
    pub valid_from: Instant,
    /// The first instant at which the agreement no longer holds.
    pub valid_until: Instant,
    /// Whether plain Bearer tokens may be used (profile `service` only).
    pub bearer: bool,
    /// Signing citizens in by e-ID; nothing of it where the agreement is silent.
    #[serde(default)]
    pub eid: EidTerms,
    /// Provinces and communes whose reported stays may be read; none where the agreement is silent.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub units: BTreeSet<UnitCode>,
}

/// What a client may do with e-ID.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EidTerms {
    /// Sign citizens in by the browser (authorization code).
    pub sign_in: bool,
    /// Ask a citizen who is present to confirm, without a browser (CIBA).
    pub ciba: bool,
    /// The levels of authentication it may ask for.
    pub levels: BTreeSet<Level>,
    /// Clients that name the same sector are told the same subject for a citizen; a client that
    /// names none is a sector of its own (OpenID Connect Core section 8.1).
    pub sector: Option<String>,
}

impl Agreement {
    pub fn in_force(&self, now: Instant) -> bool {
        self.valid_from <= now && now < self.valid_until
    }

    /// Whether the other members of a household may be named in this procedure: the agreement lists
    /// the household, names, and the procedure among those that need the members.
    pub fn names_members(&self, procedure: &ProcedureCode) -> bool {
        self.detail == Detail::Full
            && self.attributes.contains(Attribute::Household)
            && self.attributes.contains(Attribute::FullName)
            && self.household_members.contains(procedure)
    }

    /// Whether it lets people be asked about by number, name and birth date without listing their status:
    /// then nobody who is deceased or missing is found under it, at any door.
    pub fn asks_without_status(&self) -> bool {
        let about_people = [
            Operation::CitizensLookup,
            Operation::CitizensVerify,
            Operation::QrVerify,
            Operation::QrIssue,
            Operation::ResidenceCheck,
            Operation::ResidenceConfirm,
            Operation::FormsPrefill,
            Operation::EidDesk,
        ];
        let asks = about_people.into_iter().any(|operation| self.operations.contains(operation));
        asks && !self.attributes.contains(Attribute::Status)
    }
}

/// A public key a client signs its assertions with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// The `kid` the client names it by.
    pub id: String,
    pub key: VerifyingKey,
    pub valid_from: Instant,
    /// Set when a newer key replaced this one: until then both are good.
    pub valid_until: Option<Instant>,
}

impl ClientKey {
    pub fn is_valid(&self, now: Instant) -> bool {
        self.valid_from <= now && self.valid_until.is_none_or(|until| now < until)
    }

    /// The keys after `new` came in: those in use stay good for `overlap`, but no longer than they
    /// would have been.
    pub fn rotate(held: &[Self], new: Self, overlap: Duration) -> Vec<Self> {
        let end = new.valid_from.plus(overlap);
        let in_use = held.iter().filter(|key| key.is_valid(new.valid_from));
        let mut keys: Vec<_> = in_use
            .map(|key| Self { valid_until: Some(key.valid_until.map_or(end, |until| until.min(end))), ..key.clone() })
            .collect();
        keys.push(new);
        keys
    }
}

/// A relying organisation.
#[derive(Debug, Clone)]
pub struct Client {
    pub id: ClientId,
    pub name: String,
    pub profile: ClientProfile,
    pub state_body: bool,
    /// What operators have stopped of it.
    pub stops: Stops,
    pub keys: Vec<ClientKey>,
    pub officers: HashSet<Officer>,
    pub agreement: Agreement,
    pub registration: Registration,
    /// Profile `baseline` only.
    pub secret: Option<SecretTag>,
}

/// Why an agreement does not cover a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the client is stopped")]
    ClientStopped,
    #[error("the procedure is stopped")]
    ProcedureStopped,
    #[error("the officer is stopped")]
    OfficerStopped,
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
    #[error("consent is the legal basis, and none that covers the question is in force")]
    ConsentMissing,
}

impl Client {
    /// Whether the agreement covers `operation` for `purpose` at `now`; says how the officer stands.
    /// Attributes outside the agreement are not refused here: they are withheld.
    ///
    /// A body that is not a state body never acts on a state's duty, whatever its agreement lists
    /// (Decree 70/2024 arts. 7-8). An officer must be named unless the citizen's own token stands in
    /// their place (`own`). Whether a consent that the question rests on holds is for the room that
    /// keeps them to tell.
    pub fn authorise(
        &self,
        operation: Operation,
        purpose: &Purpose,
        own: bool,
        now: Instant,
    ) -> Result<Option<OfficerStanding>, Refusal> {
        self.allows(operation, now)?;
        if !self.agreement.procedures.contains(&purpose.procedure) {
            return Err(Refusal::Procedure);
        }
        if !self.may_rely_on(&purpose.legal_basis) {
            return Err(Refusal::LegalBasis);
        }
        match self.stops.stopping(purpose) {
            Some(Stoppable::Client) => return Err(Refusal::ClientStopped),
            Some(Stoppable::Procedure(_)) => return Err(Refusal::ProcedureStopped),
            Some(Stoppable::Officer(_)) => return Err(Refusal::OfficerStopped),
            None => {}
        }
        match &purpose.officer {
            Some(officer) => Ok(Some(self.standing(officer))),
            None if own => Ok(None),
            None => Err(Refusal::OfficerMissing),
        }
    }

    /// Whether the agreement covers `operation` at `now`, for operations that ask about nobody.
    pub fn allows(&self, operation: Operation, now: Instant) -> Result<(), Refusal> {
        if self.is_stopped() {
            return Err(Refusal::ClientStopped);
        }
        if !self.agreement.in_force(now) {
            return Err(Refusal::NotInForce);
        }
        if self.agreement.operations.contains(operation) { Ok(()) } else { Err(Refusal::Operation) }
    }

    fn may_rely_on(&self, basis: &LegalBasis) -> bool {
        self.agreement.legal_bases.contains(basis) && (self.state_body || basis.as_str() != LegalBasis::STATE_DUTY)
    }

    /// Whether operators have stopped all of the client.
    pub fn is_stopped(&self) -> bool {
        self.stops.is_client_stopped()
    }

    /// Whether the officer may work for the client: registered and not stopped.
    pub fn has_officer(&self, officer: &Officer) -> bool {
        self.officers.contains(officer) && !self.stops.is_officer_stopped(officer)
    }

    /// Whether the officer is known by name, or only claimed by the client.
    pub fn standing(&self, officer: &Officer) -> OfficerStanding {
        if self.officers.contains(officer) { OfficerStanding::Registered } else { OfficerStanding::Asserted }
    }

    /// Whether this client's access tokens may be plain Bearer tokens.
    pub fn may_use_bearer(&self) -> bool {
        self.profile == ClientProfile::Service && self.agreement.bearer
    }

    /// Whether a citizen's own token, given to this client, may be a plain Bearer token.
    pub fn may_use_bearer_for_citizens(&self) -> bool {
        self.profile == ClientProfile::Baseline || self.may_use_bearer()
    }

    /// Who shares the subjects this client is told.
    pub fn sector(&self) -> &str {
        self.agreement.eid.sector.as_deref().unwrap_or(self.id.as_str())
    }

    /// The keys an assertion signed with `algorithm` may verify under: all that are valid at `now`,
    /// or only the one named `key_id`.
    pub fn keys_for<'a>(
        &'a self,
        key_id: Option<&'a str>,
        algorithm: Algorithm,
        now: Instant,
    ) -> impl Iterator<Item = &'a ClientKey> {
        self.keys.iter().filter(move |key| {
            key.key.algorithm() == algorithm && key.is_valid(now) && key_id.is_none_or(|id| key.id == id)
        })
    }
}
