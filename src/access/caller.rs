//! Who is calling.

use std::sync::Arc;

use super::dpop::ProofFault;
use serde::{Deserialize, Serialize};

use crate::clients::{Client, Operation, OperationSet};
use crate::kernel::{AttributeSet, CitizenId, ConsentId, Instant, Level, Officer, TransactionId};
use crate::storage::StorageError;

/// Who is calling, proven by an access token or by a page's session. Handlers take it as an
/// argument (`extractor.rs`).
#[derive(Debug, Clone)]
pub struct Caller {
    /// The client as it stood when the request came.
    pub client: Arc<Client>,
    /// What the token allows; the agreement may allow less by now.
    pub scopes: OperationSet,
    /// Set where the citizen's own token or session stands in the officer's place (e-ID).
    pub citizen: Option<Arc<CitizenGrant>>,
    /// The officer who signed in to the page's session; stands in the place of whom a body names.
    pub officer: Option<Officer>,
    /// When what proves them ends. What goes on for long asks again.
    pub expires: Instant,
}

/// What a citizen approved on their own device, and for which client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CitizenGrant {
    pub citizen_id: CitizenId,
    /// How surely they were recognised.
    pub level: Level,
    /// What they agreed to share; the agreement may let out less.
    pub attributes: AttributeSet,
    /// The consent that was given with the approval.
    pub consent: Option<ConsentId>,
    pub grant_id: TransactionId,
}

impl Caller {
    /// Whether the token covers `operation`. What the agreement says today is for
    /// [`Client::authorise`] or [`Client::allows`] to tell.
    pub fn require(&self, operation: Operation) -> Result<(), Denied> {
        if self.scopes.contains(operation) { Ok(()) } else { Err(Denied::InsufficientScope(operation)) }
    }
}

/// Why a request is not let through to its handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("no access token was sent")]
    TokenMissing,
    #[error("the access token is not valid")]
    TokenInvalid,
    #[error("the access token has expired")]
    TokenExpired,
    #[error("operators have stopped the client")]
    ClientStopped,
    #[error("operators have stopped the session's officer")]
    OfficerStopped,
    #[error("the client may not use plain bearer tokens")]
    BearerNotAgreed,
    #[error("the token does not cover {0}")]
    InsufficientScope(Operation),
    #[error("the registry of clients is behind the database")]
    RegistryBehind,
    #[error("the revoked tokens were not read in the last seconds")]
    RevokedUnread,
    #[error("the DPoP proof is refused")]
    Proof(ProofFault),
    #[error("a session's request comes from another site")]
    ForeignOrigin,
    #[error("the store cannot be asked")]
    Unavailable,
}

impl From<StorageError> for Denied {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "who is calling cannot be looked up");
        Self::Unavailable
    }
}
