//! What the e-ID does. Every step is recorded in the transaction that takes it.

mod activating;
mod asking;
mod codes;
mod config;
mod deciding;
mod desk;
mod error;
mod own;
mod own_qr;
mod passcodes;
mod sign_in;
mod signed;
mod taking;
mod upkeep;
mod waiting;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use activating::NewDevice;
pub use asking::Addressed;
pub use codes::Enrolment;
pub use config::EidConfig;
pub use deciding::Shown;
pub(super) use desk::revoke_everything;
pub use desk::{AtDesk, DeskAction, DeskAnswer, DeskOutcome};
pub use error::{BeginError, EidError};
pub use own::OwnAccount;
pub use passcodes::Proof;
pub use sign_in::{SignIn, SignInTarget};
pub use signed::{Device, SignedRequest};

use self::passcodes::Hasher;
use super::codec::EidCodec;
use super::metrics::EidMetrics;
use super::model::Statement;
use super::reactor::Closer;
use super::sender::CodeSender;
use crate::access::Access;
use crate::audit::{Audit, Entry, Outcome};
use crate::citizens::sealing::Sealing;
use crate::citizens::{Citizens, Reactor};
use crate::clients::Clients;
use crate::consent::Consents;
use crate::crypto::Keyring;
use crate::kernel::{AttributeSet, CitizenId, ClientId, Clock, Entropy, Instant, TransactionId};
use crate::qr::Qr;
use crate::storage::Store;
use crate::telemetry::Metrics;

/// What the room is built from.
pub struct EidParts {
    pub config: EidConfig,
    pub sender: Arc<dyn CodeSender>,
    pub metrics: Metrics,
    pub store: Store,
    pub audit: Audit,
    pub citizens: Citizens,
    pub clients: Clients,
    pub consents: Consents,
    pub access: Arc<Access>,
    pub qr: Qr,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// Accounts, devices, approvals. Cheap to clone.
#[derive(Clone)]
pub struct Eid(Arc<Inner>);

struct Inner {
    config: EidConfig,
    sender: Arc<dyn CodeSender>,
    metrics: EidMetrics,
    store: Store,
    audit: Audit,
    citizens: Citizens,
    clients: Clients,
    consents: Consents,
    access: Arc<Access>,
    qr: Qr,
    codec: EidCodec,
    sealing: Sealing,
    clock: Arc<dyn Clock>,
    hasher: Hasher,
    waiters: Semaphore,
}

impl Eid {
    /// Begins to send codes until the last holder lets go.
    pub fn open(parts: EidParts) -> Self {
        let EidParts {
            config,
            sender,
            metrics,
            store,
            audit,
            citizens,
            clients,
            consents,
            access,
            qr,
            keyring,
            clock,
            entropy,
        } = parts;
        let inner = Arc::new(Inner {
            sealing: Sealing::new(keyring.clone(), entropy.clone()),
            hasher: Hasher::new(config.passcodes_at_once),
            waiters: Semaphore::new(config.waiters),
            codec: EidCodec::new(keyring, entropy),
            metrics: EidMetrics::register(&metrics),
            config,
            sender,
            store,
            audit,
            citizens,
            clients,
            consents,
            access,
            qr,
            clock,
        });
        tokio::spawn(upkeep::post(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// The service's own name, which devices sign.
    pub fn issuer(&self) -> &str {
        &self.0.access.config().issuer
    }

    /// What a client is called.
    pub fn client_name(&self, client: &ClientId) -> Option<String> {
        self.0.clients.find(client).map(|client| client.name.clone())
    }

    /// Records a refusal of what a citizen's device asked, before it is told. What was counted with it has
    /// been recorded with the count.
    async fn noted<T>(
        &self,
        operation: &'static str,
        citizen: CitizenId,
        done: Result<T, EidError>,
    ) -> Result<T, EidError> {
        if let Some(reason) = done.as_ref().err().and_then(EidError::reason) {
            let (transaction, now) = (self.new_transaction(), self.0.clock.now());
            self.0.audit.record(refusal(transaction, operation, now, Some(citizen), reason)).await?;
        }
        done
    }

    /// The same of a client's request: whose it is and what it asked for stand in the entry, so that the
    /// client and the citizen see what became of it.
    async fn noted_of<T>(
        &self,
        statement: &Statement,
        operation: &'static str,
        citizen: CitizenId,
        done: Result<T, EidError>,
    ) -> Result<T, EidError> {
        if let Some(reason) = done.as_ref().err().and_then(EidError::reason) {
            let asked = asking::asked(statement, operation, Some(citizen), Outcome::Refused, self.0.clock.now());
            self.0.audit.record(Entry { transaction: self.new_transaction(), reason, ..asked }).await?;
        }
        done
    }

    fn new_transaction(&self) -> TransactionId {
        TransactionId::random(&*self.0.codec.entropy)
    }

    /// What closes the accounts of the dead.
    pub fn reactor(&self) -> Arc<dyn Reactor> {
        Arc::new(Closer {
            audit: self.0.audit.clone(),
            sealing: self.0.sealing.clone(),
            clock: self.0.clock.clone(),
            entropy: self.0.codec.entropy.clone(),
        })
    }
}

/// An entry about a citizen's own act, or an act upon them that no client asked for.
fn entry(
    transaction: TransactionId,
    operation: &'static str,
    at: Instant,
    subject: Option<CitizenId>,
    outcome: Outcome,
) -> Entry {
    Entry {
        transaction,
        at,
        client: None,
        officer: None,
        subjects: subject.into_iter().collect(),
        operation,
        attributes: AttributeSet::EMPTY,
        procedure: None,
        legal_basis: None,
        consent: None,
        outcome,
        reason: "",
    }
}

/// The entry of a refusal.
fn refusal(
    transaction: TransactionId,
    operation: &'static str,
    at: Instant,
    citizen: Option<CitizenId>,
    reason: &'static str,
) -> Entry {
    Entry { reason, ..entry(transaction, operation, at, citizen, Outcome::Refused) }
}
