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

/// Why a citizen is not answered.
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
        let grant = self.admit(caller)?;
        let consents = self.0.consents.of_citizen(grant.citizen_id).await?;
        let receipt = self.record(caller, "me.consents", vec![grant.citizen_id]).await?;
        Ok((consents, receipt))
    }

    /// One consent, with what the citizen's device signed when it was given.
    pub async fn consent(&self, caller: &Caller, id: ConsentId) -> Result<(Consent, Vec<u8>, Receipt), MeError> {
        let grant = self.admit(caller)?;
        let consent = self.0.consents.find(id).await?.filter(|consent| consent.citizen == grant.citizen_id);
        let consent = consent.ok_or(MeError::NoSuchThing)?;
        let proof = self.0.consents.proof(id).await?.ok_or(MeError::NoSuchThing)?;
        let receipt = self.record(caller, "me.consents", vec![grant.citizen_id]).await?;
        Ok((consent, proof, receipt))
    }

    /// Withdraws a consent: no question rests on it any more from now on, on any replica.
    pub async fn withdraw(&self, caller: &Caller, id: ConsentId) -> Result<Withdrawn, MeError> {
        let grant = self.admit(caller)?;
        let withdrawn = self.0.consents.withdraw(grant.citizen_id, id, &caller.client.id).await?;
        withdrawn.ok_or(MeError::NoSuchThing)
    }

    pub fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// The name of a client, as the registry has it today.
    pub fn client_name(&self, client: &ClientId) -> Option<String> {
        self.0.clients.find(client).map(|client| client.name.clone())
    }

    /// The citizen whose own token or session asks, through a client that may show them this.
    pub(super) fn admit<'a>(&self, caller: &'a Caller) -> Result<&'a CitizenGrant, MeError> {
        caller.require(Operation::AuditRead)?;
        caller.client.allows(Operation::AuditRead, self.0.clock.now())?;
        caller.citizen.as_deref().ok_or(MeError::NotACitizen)
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
        let entry = Entry {
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
        };
        Ok(self.0.audit.record(entry).await?)
    }
}
