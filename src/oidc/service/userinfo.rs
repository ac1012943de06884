//! Userinfo: what the citizen approved and the agreement lets out, recorded before it is sent. A
//! refusal is recorded like an answer.

use serde_json::{Map, Value, json};

use super::{Oidc, entry};
use crate::access::{Caller, Denied, Grant};
use crate::audit::{AuditError, Entry, Outcome};
use crate::citizens::model::Status;
use crate::citizens::{Allowance, Citizen, CitizensError, is_recorded};
use crate::clients::Refusal;
use crate::kernel::{Attribute, AttributeSet, CommuneCode, ProcedureCode, TransactionId, UnitCode, Units};
use crate::oidc::protocol::{PopulationData, told_of_oneself, userinfo_name};
use crate::storage::StorageError;

const OPERATION: &str = "oidc.userinfo";

/// Why nothing is told.
#[derive(Debug, thiserror::Error)]
pub enum UserinfoError {
    #[error("the token is no citizen's")]
    NoCitizen,
    #[error(transparent)]
    Refused(#[from] CitizensError),
}

impl From<StorageError> for UserinfoError {
    fn from(error: StorageError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<AuditError> for UserinfoError {
    fn from(error: AuditError) -> Self {
        Self::Refused(error.into())
    }
}

impl Oidc {
    /// The claims about the citizen whose token was sent.
    pub async fn userinfo(&self, caller: &Caller) -> Result<Value, UserinfoError> {
        let Some(approved) = caller.citizen.as_deref() else {
            let transaction = TransactionId::random(&*self.0.codec.entropy);
            let noted = entry(OPERATION, &caller.client.id, None, (transaction, self.0.clock.now()));
            self.refused(noted, "insufficient_scope").await?;
            return Err(UserinfoError::NoCitizen);
        };
        let at = (approved.grant_id, self.0.clock.now());
        let noted = entry(OPERATION, &caller.client.id, Some(approved.citizen_id), at);
        let Some(grant) = self.0.access.find_grant(approved.grant_id).await? else {
            self.refused(noted, "grant_ended").await?;
            return Err(CitizensError::from(Denied::TokenInvalid).into());
        };
        let noted = with_details(noted, &grant);
        if let Err(refusal) = self.admit(caller, noted.procedure.as_ref()) {
            self.refused(noted, refusal.reason()).await?;
            return Err(refusal.into());
        }
        let Some(record) = self.0.citizens.holder(approved.citizen_id).await? else {
            self.refused(noted, "grant_ended").await?;
            return Err(CitizensError::from(Denied::TokenInvalid).into());
        };
        let agreement = &caller.client.agreement;
        let shared = self.0.citizens.approved_attributes(approved).await?;
        let allowance = Allowance::new(agreement, Some(shared));
        // Who is not alive has no grant any more, to a client that may not know why.
        if record.citizen.status != Status::Alive && !allowance.tells_status() {
            self.refused(noted, "not_alive").await?;
            return Err(CitizensError::from(Denied::TokenInvalid).into());
        }
        let agreed = allowance.tells().intersection(told_of_oneself());
        let told: AttributeSet = agreed.iter().filter(|one| is_recorded(&record.citizen, *one)).collect();
        let mut claims = claims_of(&record.citizen, told)?;
        claims.insert("sub".to_owned(), Value::String(grant.subject));
        self.0.audit.record(Entry { attributes: told, ..noted }).await?;
        Ok(Value::Object(claims))
    }

    /// Whether the agreement as it stands now lets the client ask, within its quota.
    fn admit(&self, caller: &Caller, procedure: Option<&ProcedureCode>) -> Result<(), CitizensError> {
        if procedure.is_some_and(|procedure| caller.client.stops.is_procedure_stopped(procedure)) {
            return Err(Refusal::ProcedureStopped.into());
        }
        let agreement = &caller.client.agreement;
        if !agreement.in_force(self.0.clock.now()) {
            return Err(Refusal::NotInForce.into());
        }
        if !agreement.eid.sign_in && !agreement.eid.ciba {
            return Err(Refusal::Operation.into());
        }
        self.0.citizens.charge(&caller.client).map(drop)
    }

    async fn refused(&self, noted: Entry, reason: &'static str) -> Result<(), AuditError> {
        self.0.audit.record(Entry { outcome: Outcome::Refused, reason, ..noted }).await.map(drop)
    }
}

/// The entry with why the citizen let the client ask.
fn with_details(noted: Entry, grant: &Grant) -> Entry {
    let details: Option<PopulationData> = serde_json::from_str(&grant.details).ok();
    Entry {
        procedure: details.as_ref().map(|details| details.procedure.clone()),
        legal_basis: details.map(|details| details.legal_basis),
        consent: grant.consent.map(|consent| consent.0),
        ..noted
    }
}

/// Each attribute under its claim's name, in its claim's form (OpenID Connect Core section 5.1).
fn claims_of(citizen: &Citizen, told: AttributeSet) -> Result<Map<String, Value>, StorageError> {
    let record = serde_json::to_value(citizen)
        .map_err(|_| StorageError::BrokenInvariant("a citizen cannot be written as JSON"))?;
    let value = |attribute: Attribute| match attribute {
        Attribute::PermanentResidence => citizen.permanent_residence.as_ref().map(|residence| {
            let unit = CommuneCode::parse(&residence.unit).ok();
            let unit = unit.and_then(|code| Units::shared().title(UnitCode::Commune(code)));
            let formatted: Vec<String> = residence.detail.iter().cloned().chain(unit).collect();
            json!({ "formatted": formatted.join(", "), "country": "VN" })
        }),
        other => record.get(other.name()).cloned(),
    };
    Ok(told.iter().filter_map(|one| Some((userinfo_name(one).to_owned(), value(one)?))).collect())
}
