//! The keys of one installation, read from a folder of key files.

use std::path::Path;
use std::sync::Arc;

use super::{MacKey, SealingKey, SigningKey, VerifyingKey};
use crate::kernel::{Clock, Entropy};

/// What a key is for; each use has versions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyUse {
    /// Root secret of the keyed hashes that find identifiers.
    Index,
    /// Root secret of the sealing keys of everything that names a person.
    Seal,
    /// ES256 key that signs access tokens.
    Token,
    /// Ed25519 key that signs audit checkpoints.
    Audit,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    #[error("placeholder")]
    Placeholder,
}

/// Cheap to clone; [`reload`](Self::reload) is seen by all clones.
#[derive(Clone, Debug)]
pub struct Keyring(Arc<()>);

impl Keyring {
    /// Makes a first key for each use in an empty folder (mode 0700, files 0600).
    pub fn init(_folder: &Path, _entropy: &dyn Entropy, _clock: &dyn Clock) -> Result<(), KeyringError> {
        todo!()
    }
    pub fn load(_folder: &Path) -> Result<Self, KeyringError> {
        todo!()
    }
    /// Reads the folder again; whether anything changed.
    pub fn reload(&self) -> Result<bool, KeyringError> {
        todo!()
    }
    /// The version new records are written under.
    pub fn active(&self, _key_use: KeyUse) -> u32 {
        todo!()
    }
    /// Every version that can still be read, newest first.
    pub fn versions(&self, _key_use: KeyUse) -> Vec<u32> {
        todo!()
    }
    /// The sealing key for `label` (e.g. `citizens`) under a version of [`KeyUse::Seal`]; derived
    /// once and kept. `None`: the version is unknown here even after a reload.
    pub fn sealing_key(&self, _label: &'static str, _version: u32) -> Option<Arc<SealingKey>> {
        todo!()
    }
    /// The keyed-hash key for `label` (e.g. `id_number`) under a version of [`KeyUse::Index`].
    pub fn index_key(&self, _label: &'static str, _version: u32) -> Option<Arc<MacKey>> {
        todo!()
    }
    /// The active signing key of a use with its key id (RFC 7638 thumbprint of the public key).
    pub fn signing_key(&self, _key_use: KeyUse) -> (String, SigningKey) {
        todo!()
    }
    /// Every public key of a use that may still have signed something: `(key id, key)`.
    pub fn verifying_keys(&self, _key_use: KeyUse) -> Vec<(String, VerifyingKey)> {
        todo!()
    }
}
