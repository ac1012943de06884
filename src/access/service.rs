//! What access depends on, and what it does in the background.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use moka::sync::Cache;

use super::assertion::Decoys;
use super::grants::{GrantType, TOKEN_PATH};
use super::revoked::Revoked;
use super::verify::Verified;
use crate::clients::Clients;
use crate::crypto::jose::JwkSet;
use crate::crypto::{KeyUse, Keyring, VerifyingKey};
use crate::kernel::{Causes, Clock, Entropy};
use crate::storage::{StorageError, Store};

/// How often the keyring is looked at for token keys that came or went.
const TEND: Duration = Duration::from_secs(1);
/// Verified tokens held at most, some 300 bytes each.
const TOKENS_HELD: u64 = 100_000;

/// Settings of access.
#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// The issuer's URL, without a slash at its end; also the audience of every access token.
    pub issuer: String,
    /// How long an access token of a client for itself lives.
    pub token_lifetime: Duration,
    /// How long an access token for a citizen's approval lives.
    pub citizen_token_lifetime: Duration,
    /// How long a client's assertion may live. An hour, because common libraries ask for it; each
    /// can be used once only, whatever its life.
    pub assertion_lifetime: Duration,
}

impl AccessConfig {
    /// Ten minutes for tokens, an hour for assertions.
    pub fn new(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            token_lifetime: Duration::from_secs(600),
            citizen_token_lifetime: Duration::from_secs(600),
            assertion_lifetime: Duration::from_secs(3600),
        }
    }

    pub fn token_endpoint(&self) -> String {
        format!("{}{TOKEN_PATH}", self.issuer)
    }

    /// Whether clients and browsers reach the service by TLS.
    pub fn is_secure(&self) -> bool {
        self.issuer.starts_with("https:")
    }

    /// Scheme and authority of the issuer, as browsers write an `Origin` (RFC 6454 section 7).
    pub fn origin(&self) -> &str {
        let authority = self.issuer.find("://").map_or(0, |at| at + 3);
        self.issuer[authority..].find('/').map_or(&self.issuer, |path| &self.issuer[..authority + path])
    }
}

/// What access is built from.
pub struct AccessParts {
    pub config: AccessConfig,
    pub clients: Clients,
    pub keyring: Keyring,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// Access tokens: given out and taken back.
pub struct Access {
    pub(super) config: AccessConfig,
    pub(super) clients: Clients,
    pub(super) keyring: Keyring,
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) decoys: Decoys,
    /// Every key a token may be signed with, by its id.
    pub(super) token_keys: ArcSwap<HashMap<String, VerifyingKey>>,
    /// By SHA-256 of the token.
    pub(super) verified_tokens: Cache<[u8; 32], Arc<Verified>>,
    pub(super) revoked: Revoked,
    /// What rooms above grant.
    pub(super) grant_types: ArcSwap<Vec<Arc<dyn GrantType>>>,
}

/// Why access does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenAccessError {
    /// The machine gave no key to verify unknown clients against.
    #[error("no key can be made")]
    Key,
    #[error("the revoked tokens cannot be read")]
    Revoked(#[from] StorageError),
}

impl Access {
    /// Reads which tokens were revoked, then tends keys until the last holder lets
    /// go.
    pub async fn open(parts: AccessParts) -> Result<Arc<Self>, OpenAccessError> {
        let AccessParts { config, clients, keyring, store, clock, entropy } = parts;
        let longest = config.token_lifetime.max(config.citizen_token_lifetime);
        let verified_tokens = Cache::builder().max_capacity(TOKENS_HELD).time_to_live(longest).build();
        let access = Arc::new(Self {
            token_keys: ArcSwap::from_pointee(keyring.verifying_keys(KeyUse::Token).into_iter().collect()),
            decoys: Decoys::new(&*entropy).map_err(|_| OpenAccessError::Key)?,
            revoked: Revoked::unread(),
            grant_types: ArcSwap::default(),
            verified_tokens,
            config,
            clients,
            keyring,
            store,
            clock,
            entropy,
        });
        access.refresh_revoked().await?;
        tokio::spawn(tend(Arc::downgrade(&access)));
        Ok(access)
    }

    pub fn config(&self) -> &AccessConfig {
        &self.config
    }

    /// The public keys of access tokens and ID tokens.
    pub fn public_keys(&self) -> JwkSet {
        JwkSet::of(self.keyring.verifying_keys(KeyUse::Token))
    }

    /// Takes up the keyring's keys as they stand. A key that is gone takes its tokens with it.
    fn refresh_keys(&self) {
        let keys: HashMap<String, VerifyingKey> = self.keyring.verifying_keys(KeyUse::Token).into_iter().collect();
        let held = self.token_keys.load();
        if **held == keys {
            return;
        }
        let lost = held.keys().any(|id| !keys.contains_key(id));
        self.token_keys.store(Arc::new(keys));
        if lost {
            self.verified_tokens.invalidate_all();
        }
    }
}

/// What every question depends on.
async fn tend(access: Weak<Access>) {
    loop {
        tokio::time::sleep(TEND).await;
        let Some(access) = access.upgrade() else { return };
        access.refresh_keys();
        if let Err(error) = access.refresh_revoked().await {
            tracing::warn!(error = %Causes(&error), "revoked tokens cannot be read");
        }
    }
}
