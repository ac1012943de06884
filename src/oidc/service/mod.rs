//! What the OpenID Provider does. Every step that concerns a citizen is recorded in the transaction
//! that takes it.

mod asking;
mod backchannel;
mod config;
mod ends;
mod codec;
mod sign_in;
mod tokens;
mod userinfo;

use std::sync::{Arc, Weak};

pub use asking::Opened;
pub use config::OidcConfig;
pub use ends::LogoutError;
pub use sign_in::{Step, View};
pub use userinfo::UserinfoError;

use self::codec::OidcCodec;
use super::grants::{AuthorizationCode, Ciba, RefreshToken};
use crate::access::Access;
use crate::audit::{Audit, AuditError, Entry, Outcome};
use crate::citizens::Citizens;
use crate::clients::Clients;
use crate::crypto::Keyring;
use crate::eid::{BeginError, Eid};
use crate::kernel::{AttributeSet, CitizenId, ClientId, Clock, Entropy, Instant, TransactionId};
use crate::storage::{StorageError, Store};

use super::protocol::AuthorizationError;

/// What the provider is built from.
pub struct OidcParts {
    pub config: OidcConfig,
    pub store: Store,
    pub audit: Audit,
    pub clients: Clients,
    pub access: Arc<Access>,
    pub citizens: Citizens,
    pub eid: Eid,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// The OpenID Provider. Cheap to clone.
#[derive(Clone)]
pub struct Oidc(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub config: OidcConfig,
    pub store: Store,
    pub audit: Audit,
    pub clients: Clients,
    pub access: Arc<Access>,
    pub citizens: Citizens,
    pub eid: Eid,
    pub keyring: Keyring,
    pub clock: Arc<dyn Clock>,
    pub codec: OidcCodec,
}

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    #[error(transparent)]
    Refused(#[from] AuthorizationError),
    #[error("the client's quota is used up")]
    OverQuota,
    /// Nobody can be sent back: the citizen is told on a page.
    #[error("the request is unknown, over, or was answered")]
    Over,
    #[error("too many browsers have opened the request")]
    TooManyBrowsers,
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl From<BeginError> for OidcError {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::LevelUnreachable(_) => AuthorizationError::LEVEL.into(),
            BeginError::UnknownClient | BeginError::LifetimeTooLong => {
                StorageError::BrokenInvariant("a request that was checked cannot begin").into()
            }
            BeginError::Storage(error) => error.into(),
        }
    }
}

impl Oidc {
    /// Builds the provider, and adds its grants to the token endpoint.
    pub fn open(parts: OidcParts) -> Self {
        let OidcParts { config, store, audit, clients, access, citizens, eid, keyring, clock, entropy } = parts;
        let codec = OidcCodec::new(keyring.clone(), entropy);
        let inner = Inner { config, store, audit, clients, access, citizens, eid, keyring, clock, codec };
        let oidc = Self(Arc::new(inner));
        let access = &oidc.0.access;
        access.register(Arc::new(AuthorizationCode(oidc.weak())));
        access.register(Arc::new(RefreshToken(oidc.weak())));
        access.register(Arc::new(Ciba(oidc.weak())));
        oidc
    }

    /// For what the token endpoint holds: it must not keep the provider alive.
    pub(super) fn weak(&self) -> WeakOidc {
        WeakOidc(Arc::downgrade(&self.0))
    }

    pub fn issuer(&self) -> &str {
        &self.0.access.config().issuer
    }
}

/// The provider, as long as somebody else holds it.
pub(super) struct WeakOidc(Weak<Inner>);

impl WeakOidc {
    pub fn upgrade(&self) -> Option<Oidc> {
        self.0.upgrade().map(Oidc)
    }
}

/// An entry of what a client asked, or did, about a citizen.
fn entry(
    operation: &'static str,
    client: &ClientId,
    citizen: Option<CitizenId>,
    (transaction, at): (TransactionId, Instant),
) -> Entry {
    Entry {
        transaction,
        at,
        client: Some(client.clone()),
        officer: None,
        subjects: citizen.into_iter().collect(),
        operation,
        attributes: AttributeSet::EMPTY,
        procedure: None,
        legal_basis: None,
        consent: None,
        outcome: Outcome::Answered,
        reason: "",
    }
}
