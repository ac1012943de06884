//! Who is calling.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::dpop::ProofFault;
use super::verify::Verified;
use crate::clients::{Client, Operation, OperationSet, RegistryBehind};
use crate::kernel::{AttributeSet, CitizenId, ConsentId, Level, Officer, TransactionId};
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
    /// What proves them. What goes on for long asks again: [`Access::renewed`](super::Access::renewed).
    pub(super) proof: CallerProof,
}

/// By what a caller was recognised.
#[derive(Debug, Clone)]
pub(super) enum CallerProof {
    Token(Arc<Verified>),
    /// Keyed hashes of the cookie, one under each version of the key.
    Session(Arc<[[u8; 32]]>),
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
    /// The client whose token it is, or the citizen whose approval the token rests on.
    pub fn of_token(client: Arc<Client>, citizen: Option<Arc<CitizenGrant>>, token: Arc<Verified>) -> Self {
        Self { client, scopes: token.scopes, citizen, officer: None, proof: CallerProof::Token(token) }
    }

    /// Whether the token covers `operation`. What the agreement says today is for
    /// [`Client::authorise`] or [`Client::allows`] to tell.
    pub fn require(&self, operation: Operation) -> Result<(), Denied> {
        if self.scopes.contains(operation) { Ok(()) } else { Err(Denied::InsufficientScope(operation)) }
    }
}

/// Why a request is not let through to its handler.
#[derive(Debug, Clone, thiserror::Error)]
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
    #[error("who is calling cannot be looked up")]
    Storage(#[from] StorageError),
}

impl From<RegistryBehind> for Denied {
    fn from(_: RegistryBehind) -> Self {
        Self::RegistryBehind
    }
}

impl Denied {
    /// Whether nobody can tell at the moment: of the caller it says nothing.
    pub const fn is_unavailability(&self) -> bool {
        matches!(self, Self::RegistryBehind | Self::RevokedUnread | Self::Storage(_))
    }
}
