//! QR codes verified and credentials issued, every answer recorded.

mod confirm;
mod holder;
mod issue;
mod pictures;
mod present;
mod public;
mod revoke;
mod shown_lately;
mod upkeep;
mod verify_card;
mod verify_credential;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub use confirm::{
    NewConfirmation, Standing as ConfirmationStanding, StatusPlace, VOIDER, enter_confirmation, void_confirmation,
};
pub use holder::{HolderCredential, HolderQr, enter_holder};
pub use issue::{Issue, IssueTold, Lifetime};
use pictures::Pictures;
pub use pictures::{Picture, Room};
pub use present::{Presented, spend};
pub use public::SignedList;
pub use revoke::RevokeTold;
use shown_lately::{ShownLately, follow};

use super::credential::TrustedIssuer;
use super::image::ImageFault;
use super::model::{self, NotShown, Told, recognise};
use super::reactor::Revoker;
use super::said::Said;
use crate::access::{Caller, NoPermit};
use crate::audit::Audit;
use crate::citizens::guard::meter::Standing;
use crate::citizens::sealing::Sealing;
use crate::citizens::{Answer, Citizens, CitizensError, Draft, Keyed, Question, Reactor, keep_up};
use crate::clients::Operation;
use crate::crypto::{KeyUse, Keyring, SigningKey};
use crate::kernel::{AttributeSet, Clock, Entropy, Purpose};
use crate::storage::{StorageError, Store};

/// The operations' names in audit entries.
pub const VERIFY: &str = "qr.verify";
pub const ISSUE: &str = "qr.issue";
pub const REVOKE: &str = "qr.revoke";

/// Why there is no answer. Refusals have been recorded.
#[derive(Debug, thiserror::Error)]
pub enum QrError {
    #[error(transparent)]
    Citizens(#[from] CitizensError),
    #[error(transparent)]
    NotShown(#[from] NotShown),
    #[error(transparent)]
    Image(#[from] ImageFault),
    #[error("too many pictures are being read: {0}")]
    Busy(#[from] NoPermit),
    #[error("the agreement lets out none of the attributes asked for")]
    NothingAgreed,
    #[error("nothing of what was asked for fits a credential")]
    NothingToSay,
    #[error("the credential does not fit one QR symbol")]
    DoesNotFit,
    #[error("the holder of no credential of ours signed this")]
    NotOfHolder,
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

/// The text is there, or has to be found in a picture.
pub enum Shown {
    Text(String),
    Picture(Picture),
}

/// What a citizen shows, and why it is asked about.
pub struct Verify {
    pub shown: Shown,
    pub purpose: Purpose,
    pub nonce: Option<String>,
    pub idempotency_key: Option<String>,
}

/// A question that was admitted, and what to give with its answer.
struct Admitted {
    draft: Draft,
    standing: Standing,
    nonce: Option<String>,
    keyed: Option<Keyed>,
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
    pictures: Pictures,
    lists: Mutex<HashMap<i32, Arc<SignedList>>>,
    revoker: Arc<Revoker>,
    shown_lately: ShownLately,
}

impl Qr {
    /// Begins to follow rotations of keys, until the last holder lets go.
    pub fn open(parts: QrParts) -> Self {
        let QrParts { issuer, store, audit, citizens, keyring, clock, entropy } = parts;
        let (pictures, lists, shown_lately) = (Pictures::default(), Mutex::default(), ShownLately::default());
        let sealing = Sealing::new(keyring.clone(), entropy.clone());
        let revoker = Arc::new(Revoker { sealing, keyring: keyring.clone(), clock: clock.clone() });
        let inner =
            Inner { issuer, store, audit, citizens, keyring, clock, entropy, pictures, lists, revoker, shown_lately };
        let inner = Arc::new(inner);
        tokio::spawn(keep_up(Arc::downgrade(&inner)));
        tokio::spawn(follow(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// What revokes credentials when records change.
    pub fn reactor(&self) -> Arc<dyn Reactor> {
        self.0.revoker.clone()
    }

    /// Refuses a token that does not cover `operation`, before anything of the request is read;
    /// recorded under the operation's `name`.
    pub async fn require(&self, caller: &Caller, operation: Operation, name: &'static str) -> Result<(), QrError> {
        Ok(self.0.citizens.require(caller, operation, name).await?)
    }

    /// Says what a QR is worth; recorded before it is returned. No picture is looked at before the
    /// client's token, quota and agreement are known to allow the question.
    ///
    /// # Errors
    /// What cannot be read is a fault of the request: it counts as a call, and is not recorded.
    pub async fn verify(&self, caller: &Caller, ask: Verify) -> Result<Answer<Told>, QrError> {
        let Verify { shown, purpose, nonce, idempotency_key } = ask;
        let written = serde_json::to_vec(&purpose).unwrap_or_default();
        let question =
            Question { operation: Operation::QrVerify, name: VERIFY, purpose, attributes: AttributeSet::EMPTY };
        let (admitted, draft) = self.0.citizens.admit(caller, question).await;
        let standing = match admitted {
            Ok(standing) => standing,
            Err(refusal) => return self.refuse(draft, refusal).await,
        };
        let text = match shown {
            Shown::Text(text) => text,
            Shown::Picture(picture) => self.read_picture(picture).await?,
        };
        let request = [b"qr.verify", text.as_bytes(), &written, nonce.as_deref().unwrap_or_default().as_bytes()];
        let keyed = self.0.citizens.keyed(caller, idempotency_key.as_deref(), &request);
        let admitted = Admitted { draft, standing, nonce, keyed };
        match recognise(&text, &self.issuers(), caller.client.id.as_str(), self.0.clock.now())? {
            model::Shown::Card(card) => self.verify_card(caller, &card, admitted).await,
            model::Shown::Credential(verdict) => self.verify_credential(caller, *verdict, admitted).await,
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
