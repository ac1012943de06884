//! What clients write into a request may name a person: it is kept sealed. Secrets are kept as
//! digests.

use std::sync::Arc;

use crate::crypto::digest::sha256;
use crate::crypto::{KeyUse, Keyring, Secret};
use crate::kernel::Entropy;
use crate::oidc::model::{Authorization, Bound};
use crate::sealing::SealedTable;

const BROWSERS: &str = "oidc_browsers";

/// Seals, opens and hashes with the installation's keys.
pub struct OidcCodec {
    keyring: Keyring,
    pub entropy: Arc<dyn Entropy>,
    pub requests: SealedTable<Authorization>,
    /// What a code is bound to.
    pub codes: SealedTable<Bound>,
}

impl OidcCodec {
    pub fn new(keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        let requests = SealedTable::new("oidc_requests", keyring.clone(), entropy.clone());
        let codes = SealedTable::new("oidc_codes", keyring.clone(), entropy.clone());
        Self { keyring, entropy, requests, codes }
    }

    pub fn secret(&self) -> Secret {
        Secret::random(&*self.entropy)
    }

    /// What one browser's view of a request is found by: under each version of the key, newest first.
    pub fn browser_digests(&self, cookie: &str, request: &[u8; 32]) -> Vec<[u8; 32]> {
        let versions = self.keyring.versions(KeyUse::Index).into_iter();
        let tag = |version| Some(self.keyring.index_key(BROWSERS, version)?.tag(&[request, cookie.as_bytes()]));
        versions.filter_map(tag).collect()
    }
}

/// What a code, a token or a request is found by: they hold 256 random bits, so a plain digest does.
pub fn digest_of(kind: &str, secret: &str) -> [u8; 32] {
    sha256(&[kind.as_bytes(), b"\0", secret.as_bytes()])
}
