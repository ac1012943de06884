//! Residence as others ask about it, every answer recorded.

mod check;
mod code;
mod confirm;
mod signing;
mod stating;
mod upkeep;
mod verify;

use std::sync::Arc;
use std::time::Duration;

pub use check::{CHECK, Check, CheckAnswer, Checked};
pub use confirm::{CONFIRM, Confirm, ConfirmTold};
pub use signing::JWS_TYPE;
pub use verify::{ConfirmationStatus, ShownConfirmation, VerifiedConfirmation};

use super::model::Statement;
use super::reactor::Voider;
use crate::audit::{Audit, AuditError};
use crate::citizens::sealing::Sealing;
use crate::citizens::{Citizens, CitizensError, Draft, Reactor, keep_up};
use crate::crypto::Keyring;
use crate::kernel::{Clock, Entropy};
use crate::qr::{Qr, QrError};
use crate::storage::{StorageError, Store};

/// Why there is no answer. Refusals of questions about a person have been recorded.
#[derive(Debug, thiserror::Error)]
pub enum ResidenceError {
    #[error(transparent)]
    Citizens(#[from] CitizensError),
    #[error(transparent)]
    Qr(#[from] QrError),
    #[error("the agreement lets out nothing that could be confirmed")]
    NothingAgreed,
    #[error("the confirmation does not fit one QR symbol")]
    DoesNotFit,
    #[error("changes of records have not been held against confirmations for a minute")]
    NotWatched,
    #[error("too many wrong codes were given for this confirmation")]
    TooManyCodes { retry_after: Duration },
}

impl From<StorageError> for ResidenceError {
    fn from(error: StorageError) -> Self {
        Self::Citizens(error.into())
    }
}

impl From<AuditError> for ResidenceError {
    fn from(error: AuditError) -> Self {
        Self::Citizens(error.into())
    }
}

/// What the room is built from.
pub struct ResidenceParts {
    pub issuer: String,
    pub store: Store,
    pub audit: Audit,
    pub citizens: Citizens,
    pub qr: Qr,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// How long a confirmation is valid, unless what it states changes.
    pub validity: Duration,
}

/// Checks and confirms. Cheap to clone.
#[derive(Clone)]
pub struct Residence(Arc<Inner>);

struct Inner {
    issuer: String,
    store: Store,
    audit: Audit,
    citizens: Citizens,
    qr: Qr,
    keyring: Keyring,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    validity: Duration,
    voider: Arc<Voider>,
}

impl Residence {
    /// Begins to follow rotations of keys, until the last holder lets go.
    pub fn open(parts: ResidenceParts) -> Self {
        let ResidenceParts { issuer, store, audit, citizens, qr, keyring, clock, entropy, validity } = parts;
        let sealing = Sealing::new(keyring.clone(), entropy.clone());
        let voider = Arc::new(Voider { sealing, keyring: keyring.clone(), clock: clock.clone() });
        let inner = Inner { issuer, store, audit, citizens, qr, keyring, clock, entropy, validity, voider };
        let inner = Arc::new(inner);
        tokio::spawn(keep_up(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// What makes confirmations void when records change.
    pub fn reactor(&self) -> Arc<dyn Reactor> {
        self.0.voider.clone()
    }

    /// The citizens of whom questions are asked.
    pub fn citizens(&self) -> &Citizens {
        &self.0.citizens
    }

    /// Records a refusal and hands it back.
    async fn refuse<T, E: From<CitizensError>>(&self, draft: Draft, refusal: impl Into<E>) -> Result<T, E> {
        self.0.citizens.conclude(draft).await?;
        Err(refusal.into())
    }
}

/// A keyed hash of what a confirmation states, under one version of the index key.
pub(super) fn said_tag(keyring: &Keyring, version: u32, statement: &Statement) -> Option<[u8; 32]> {
    Some(keyring.index_key("residence_said", version)?.tag(&[&statement.bytes()]))
}
