//! QR codes verified and credentials issued, every answer recorded.

mod answers;
mod confirm;
mod issue;
mod pictures;
mod public;
mod revoke;
mod verify_card;
mod verify_credential;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use answers::Answers;
pub use confirm::{NewConfirmation, Standing, StatusPlace, enter_confirmation, void_confirmation};
pub use issue::{Issue, IssueTold, Lifetime};
use pictures::Pictures;
pub use public::SignedList;
pub use revoke::RevokeTold;

use super::card::CardText;
use super::credential::TrustedIssuer;
use super::image::ImageFault;
use super::model::{NotShown, Shown, Told, recognise};
use super::reactor::Revoker;
use super::said::Said;
use super::store;
use crate::access::Caller;
use crate::audit::{Audit, Receipt};
use crate::citizens::guard::meter::Standing;
use crate::citizens::sealing::Sealing;
use crate::citizens::{Citizens, CitizensError, Draft, Reactor};
use crate::clients::Operation;
use crate::crypto::{KeyUse, Keyring, SigningKey};
use crate::kernel::{Clock, Entropy, Purpose};
use crate::storage::{StorageError, Store};

/// How often what is over is swept, and how much of it in one transaction.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
const SWEEP_ROWS: i64 = 500;
/// Credentials are kept this long beyond their end, so that a late showing still names its holder
/// in the audit.
const KEPT_BEYOND: Duration = Duration::from_secs(24 * 3600);

/// Why there is no answer. Refusals have been recorded.
#[derive(Debug, thiserror::Error)]
pub enum QrError {
    #[error(transparent)]
    Citizens(#[from] CitizensError),
    #[error(transparent)]
    NotShown(#[from] NotShown),
    #[error(transparent)]
    Image(#[from] ImageFault),
    #[error("too many pictures are being read")]
    Busy,
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    #[error("the agreement lets out none of the attributes asked for")]
    NothingAgreed,
    #[error("nothing of what was asked for fits a credential")]
    NothingToSay,
    #[error("the credential does not fit one QR symbol")]
    DoesNotFit,
    #[error("the client has issued no such credential")]
    NoSuchCredential,
}

impl From<StorageError> for QrError {
    fn from(error: StorageError) -> Self {
        Self::Citizens(error.into())
    }
}

impl From<crate::audit::AuditError> for QrError {
    fn from(error: crate::audit::AuditError) -> Self {
        Self::Citizens(error.into())
    }
}

/// What a scanner read, and why it is asked about.
#[derive(Clone)]
pub struct Verify {
    pub payload: String,
    pub purpose: Purpose,
    pub nonce: Option<String>,
    pub idempotency_key: Option<String>,
}

/// An answer, given for the first time or once more.
pub enum Body<T> {
    First(T),
    Again(serde_json::Value),
}

/// An answer that is recorded.
pub struct Answer<T> {
    pub body: Body<T>,
    pub receipt: Receipt,
    pub standing: Standing,
    /// Leaves at the time of negative answers.
    pub negative: bool,
}

/// What the room is built from.
pub struct QrParts {
    pub issuer: String,
    pub store: Store,
    pub audit: Audit,
    pub citizens: Citizens,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// Verifies and issues. Cheap to clone.
#[derive(Clone)]
pub struct Qr(Arc<Inner>);

struct Inner {
    issuer: String,
    store: Store,
    audit: Audit,
    citizens: Citizens,
    keyring: Keyring,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    answers: Answers,
    pictures: Pictures,
    lists: Mutex<HashMap<i32, Arc<SignedList>>>,
}

impl Qr {
    /// Begins to sweep what is over until the last holder lets go.
    pub fn open(parts: QrParts) -> Self {
        let QrParts { issuer, store, audit, citizens, keyring, clock, entropy } = parts;
        let answers = Answers { keyring: keyring.clone(), entropy: entropy.clone() };
        let (pictures, lists) = (Pictures::default(), Mutex::default());
        let inner =
            Arc::new(Inner { issuer, store, audit, citizens, keyring, clock, entropy, answers, pictures, lists });
        tokio::spawn(sweep(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// What revokes credentials when records change.
    pub fn reactor(&self) -> Arc<dyn Reactor> {
        let (keyring, clock) = (self.0.keyring.clone(), self.0.clock.clone());
        let sealing = Sealing::new(keyring.clone(), self.0.entropy.clone());
        Arc::new(Revoker { sealing, keyring, clock })
    }

    /// Says what a QR is worth; recorded before it is returned.
    pub async fn verify(&self, caller: &Caller, ask: Verify) -> Result<Answer<Told>, QrError> {
        let shown = recognise(&ask.payload, &self.issuers(), caller.client.id.as_str(), self.0.clock.now())?;
        match shown {
            Shown::Card(card) => self.verify_card(caller, &card, ask).await,
            Shown::Credential(verdict) => self.verify_credential(caller, *verdict, ask).await,
        }
    }

    fn issuers(&self) -> [TrustedIssuer; 1] {
        let keys = self.0.keyring.verifying_keys(KeyUse::Qr);
        let keys = keys.into_iter().map(|(kid, key)| (short(&kid).as_bytes().to_vec(), key)).collect();
        [TrustedIssuer { issuer: self.0.issuer.clone(), keys }]
    }

    fn signing_key(&self) -> (String, SigningKey) {
        let (kid, key) = self.0.keyring.signing_key(KeyUse::Qr);
        (short(&kid).to_owned(), key)
    }

    /// Records a refusal and hands it back.
    async fn refuse<T>(&self, draft: Draft, refusal: impl Into<QrError>) -> Result<T, QrError> {
        self.0.citizens.conclude(draft).await?;
        Err(refusal.into())
    }
}

/// Eleven characters of a thumbprint tell an installation's keys apart, and a symbol has no room to
/// spare.
fn short(kid: &str) -> &str {
    kid.get(..11).unwrap_or(kid)
}

/// A keyed hash of what a credential says, under one version of the index key.
pub(super) fn said_tag(keyring: &Keyring, version: u32, said: &Said) -> Option<[u8; 32]> {
    Some(keyring.index_key("qr_said", version)?.tag(&[&said.bytes()]))
}

/// What a question about a QR is about.
fn question(purpose: Purpose, attributes: crate::kernel::AttributeSet) -> crate::citizens::Question {
    crate::citizens::Question { operation: Operation::QrVerify, name: "qr.verify", purpose, attributes }
}

async fn sweep(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        let Some(inner) = inner.upgrade() else { return };
        let now = inner.clock.now();
        let swept = inner.store.bulk(move |db| -> Result<usize, StorageError> {
            let answers = store::answers::sweep(db, now, SWEEP_ROWS)?;
            Ok(answers + store::credentials::sweep(db, now.minus(KEPT_BEYOND), SWEEP_ROWS)?)
        });
        if let Err(error) = swept.await {
            tracing::warn!(%error, "what is over of QR cannot be swept");
        }
    }
}

/// The attributes a card speaks of are those of every card.
fn card_attributes() -> crate::kernel::AttributeSet {
    CardText::attributes()
}
