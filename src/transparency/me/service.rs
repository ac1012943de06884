//! What a citizen asks about themself; every answer recorded.

use std::sync::Arc;

use crate::access::{Caller, CitizenGrant, Denied};
use crate::audit::{Audit, AuditError, Entry, Outcome, Receipt};
use crate::citizens::{Citizens, OpenRecord};
use crate::clients::{Clients, Operation, Refusal};
use crate::consent::{Consent, Consents, Withdrawn};
use crate::crypto::Keyring;
use crate::kernel::{AttributeSet, CitizenId, ClientId, Clock, ConsentId, Entropy, Instant, TransactionId};
use crate::storage::StorageError;

/// The operations' names in audit entries.
pub(super) const HISTORY: &str = "me.access_history";
const CONSENTS: &str = "me.consents";
const WITHDRAW: &str = "consent.withdraw";

/// Why a citizen is not answered. All but a failing store or log have been recorded.
#[derive(Debug, thiserror::Error)]
pub enum MeError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("only the citizen's own token or session may ask")]
    NotACitizen,
    #[error("the citizen has no such child or consent")]
    NoSuchThing,
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl MeError {
    /// Stable code in audit entries.
    fn reason(&self) -> &'static str {
        match self {
            Self::Denied(Denied::InsufficientScope(_)) => "insufficient_scope",
            Self::Denied(_) => "not_authenticated",
            Self::Refused(Refusal::NotInForce) => "agreement_not_in_force",
            Self::Refused(_) => "operation_not_agreed",
            Self::NotACitizen => "not_a_citizen",
            Self::NoSuchThing => "not_found",
            Self::Audit(_) => "unavailable",
        }
    }
}

impl From<StorageError> for MeError {
    fn from(error: StorageError) -> Self {
        Self::Audit(error.into())
    }
}

/// What the view is built from.
pub struct MeParts {
    pub audit: Audit,
    pub citizens: Citizens,
    pub clients: Clients,
    pub consents: Consents,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// The citizen's view. Cheap to clone.
#[derive(Clone)]
pub struct Me(pub(super) Arc<MeParts>);

impl Me {
    pub fn new(parts: MeParts) -> Self {
        Self(Arc::new(parts))
    }

    /// Every consent the citizen has given, newest first, those that are over included; recorded
    /// before it is returned.
    pub async fn consents(&self, caller: &Caller) -> Result<(Vec<Consent>, Receipt), MeError> {
        let grant = self.admit(caller, CONSENTS).await?;
        let consents = self.0.consents.of_citizen(grant.citizen_id).await?;
        let receipt = self.record(caller, CONSENTS, vec![grant.citizen_id]).await?;
        Ok((consents, receipt))
    }

    /// One consent, with what the citizen's device signed when it was given.
    pub async fn consent(&self, caller: &Caller, id: ConsentId) -> Result<(Consent, Vec<u8>, Receipt), MeError> {
        let grant = self.admit(caller, CONSENTS).await?;
        let consent = self.0.consents.find(id).await?.filter(|consent| consent.citizen == grant.citizen_id);
        let (Some(consent), Some(proof)) = (consent, self.0.consents.proof(id).await?) else {
            return self.refuse(caller, CONSENTS, MeError::NoSuchThing).await;
        };
        let receipt = self.record(caller, CONSENTS, vec![grant.citizen_id]).await?;
        Ok((consent, proof, receipt))
    }

    /// Withdraws a consent: no question rests on it any more from now on, on any replica.
    pub async fn withdraw(&self, caller: &Caller, id: ConsentId) -> Result<Withdrawn, MeError> {
        let grant = self.admit(caller, WITHDRAW).await?;
        match self.0.consents.withdraw(grant.citizen_id, id, &caller.client.id).await? {
            Some(withdrawn) => Ok(withdrawn),
            None => self.refuse(caller, WITHDRAW, MeError::NoSuchThing).await,
        }
    }

    pub fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// The name of a client, as the registry has it today.
    pub fn client_name(&self, client: &ClientId) -> Option<String> {
        self.0.clients.find(client).map(|client| client.name.clone())
    }

    /// The citizen whose own token or session asks, through a client that may show them this. A
    /// refusal is recorded.
    pub(super) async fn admit<'a>(
        &self,
        caller: &'a Caller,
        operation: &'static str,
    ) -> Result<&'a CitizenGrant, MeError> {
        let admitted = caller.require(Operation::AuditRead).map_err(MeError::from).and_then(|()| {
            caller.client.allows(Operation::AuditRead, self.0.clock.now())?;
            caller.citizen.as_deref().ok_or(MeError::NotACitizen)
        });
        match admitted {
            Ok(grant) => Ok(grant),
            Err(refusal) => self.refuse(caller, operation, refusal).await,
        }
    }

    /// Records a refusal, about whoever's own token asks, and hands it back.
    pub(super) async fn refuse<T>(
        &self,
        caller: &Caller,
        operation: &'static str,
        refusal: MeError,
    ) -> Result<T, MeError> {
        let subjects = caller.citizen.iter().map(|grant| grant.citizen_id).collect();
        let entry =
            Entry { outcome: Outcome::Refused, reason: refusal.reason(), ..self.entry(caller, operation, subjects) };
        self.0.audit.record(entry).await?;
        Err(refusal)
    }

    /// The citizen's record as it stands.
    pub(super) async fn record_of(&self, citizen: CitizenId) -> Result<Arc<OpenRecord>, MeError> {
        self.0.citizens.holder(citizen).await?.ok_or(MeError::NoSuchThing)
    }

    pub(super) async fn record(
        &self,
        caller: &Caller,
        operation: &'static str,
        subjects: Vec<CitizenId>,
    ) -> Result<Receipt, MeError> {
        Ok(self.0.audit.record(self.entry(caller, operation, subjects)).await?)
    }

    fn entry(&self, caller: &Caller, operation: &'static str, subjects: Vec<CitizenId>) -> Entry {
        Entry {
            transaction: TransactionId::random(&*self.0.entropy),
            at: self.0.clock.now(),
            client: Some(caller.client.id.clone()),
            officer: None,
            subjects,
            operation,
            attributes: AttributeSet::EMPTY,
            procedure: None,
            legal_basis: None,
            consent: None,
            outcome: Outcome::Answered,
            reason: "",
        }
    }
}
