//! What clients write into a request may name a person: it is kept sealed. Secrets are kept as
//! digests.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::crypto::aead::{pad_to_64, unpad};
use crate::crypto::digest::sha256;
use crate::crypto::{KeyUse, Keyring, Secret};
use crate::kernel::Entropy;
use crate::storage::StorageError;

const SEALED: &str = "oidc";
const BROWSERS: &str = "oidc_browsers";

/// The keys of the provider's rows.
pub struct Vault {
    pub keyring: Keyring,
    pub entropy: Arc<dyn Entropy>,
}

impl Vault {
    pub fn secret(&self) -> Secret {
        Secret::random(&*self.entropy)
    }

    /// The key version, and `value` sealed and bound to the row's key.
    pub fn seal(&self, row: &[u8], value: &impl Serialize) -> Result<(i32, Vec<u8>), StorageError> {
        let mut plain = serde_json::to_vec(value)
            .map_err(|_| StorageError::BrokenInvariant("a request cannot be written as JSON"))?;
        pad_to_64(&mut plain);
        let (version, key) = self.keyring.active_sealing_key(SEALED);
        Ok((version as i32, key.seal(&*self.entropy, row, &plain)))
    }

    pub fn open<T: DeserializeOwned>(&self, row: &[u8], version: i32, sealed: &[u8]) -> Result<T, StorageError> {
        let fault = || StorageError::inconsistent("oidc", "sealed");
        let key =
            self.keyring.sealing_key(SEALED, version as u32).ok_or(StorageError::seal_key_missing(version as u32))?;
        let plain = key.open(row, sealed).map_err(|_| fault())?;
        unpad(&plain).and_then(|json| serde_json::from_slice(json).ok()).ok_or_else(fault)
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
