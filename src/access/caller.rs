//! Who is calling.

use std::sync::Arc;

use crate::clients::{Client, Operation, OperationSet};
use crate::kernel::{CitizenId, Instant};

/// Who is calling, proven by an access token. Handlers take it as an argument (`extractor.rs`).
#[derive(Debug, Clone)]
pub struct Caller {
    /// The client as it stood when the request came.
    pub client: Arc<Client>,
    /// What the token allows; the agreement may allow less by now.
    pub scopes: OperationSet,
    /// Set where the citizen's own token stands in the officer's place (e-ID).
    pub citizen: Option<CitizenId>,
    /// When what proves them ends. What goes on for long asks again.
    pub expires: Instant,
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
    #[error("the token's client is not enabled")]
    ClientDisabled,
    #[error("the client may not use plain bearer tokens")]
    BearerNotAgreed,
    #[error("the token does not cover {0}")]
    InsufficientScope(Operation),
    #[error("the registry of clients is behind the database")]
    RegistryBehind,
}
