//! Sealing and keyed hashes of what names a person.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::crypto::aead::{pad_to_64, unpad};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{AddressGroup, Entropy};
use crate::storage::StorageError;

const BROWSER: &str = "eid_browser";

/// What a sealed value belongs to; also the label of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawer {
    Devices,
    Outbox,
    Transactions,
    Proofs,
}

impl Drawer {
    const fn label(self) -> &'static str {
        match self {
            Self::Devices => "eid_devices",
            Self::Outbox => "eid_outbox",
            Self::Transactions => "eid_transactions",
            Self::Proofs => "eid_proofs",
        }
    }

    fn impossible(self) -> StorageError {
        let table = match self {
            Self::Devices => "eid_devices",
            Self::Outbox => "eid_outbox",
            Self::Transactions | Self::Proofs => "eid_transactions",
        };
        StorageError::inconsistent(table, "sealed")
    }
}

/// Seals and hashes with the installation's keys. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    pub keyring: Keyring,
    pub entropy: Arc<dyn Entropy>,
}

impl Vault {
    /// The version of the key that seals now.
    pub fn version(&self) -> i32 {
        self.keyring.active(KeyUse::Seal) as i32
    }

    /// `value` as JSON, padded and sealed under `version`, bound to the row `id`.
    pub fn seal(
        &self,
        drawer: Drawer,
        version: i32,
        id: &[u8],
        value: &impl Serialize,
    ) -> Result<Vec<u8>, StorageError> {
        let key = self
            .keyring
            .sealing_key(drawer.label(), version as u32)
            .ok_or(StorageError::seal_key_missing(version as u32))?;
        let mut plain =
            serde_json::to_vec(value).map_err(|_| StorageError::BrokenInvariant("a value cannot be written"))?;
        pad_to_64(&mut plain);
        Ok(key.seal(&*self.entropy, id, &plain))
    }

    pub fn open<T: DeserializeOwned>(
        &self,
        drawer: Drawer,
        version: i32,
        id: &[u8],
        sealed: &[u8],
    ) -> Result<T, StorageError> {
        let key = self
            .keyring
            .sealing_key(drawer.label(), version as u32)
            .ok_or(StorageError::seal_key_missing(version as u32))?;
        let plain = key.open(id, sealed).map_err(|_| drawer.impossible())?;
        unpad(&plain).and_then(|json| serde_json::from_slice(json).ok()).ok_or_else(|| drawer.impossible())
    }

    /// The keyed hash of a one-time code, and the version of its key.
    pub fn code_tag(&self, activation: &[u8; 16], code: &str) -> (i32, [u8; 32]) {
        let (version, key) = self.keyring.active_index_key("eid_code");
        (version as i32, key.tag(&[activation, code.as_bytes()]))
    }

    /// Whether `tag` is that of the code, in constant time.
    pub fn code_matches(
        &self,
        activation: &[u8; 16],
        code: &str,
        version: i32,
        tag: &[u8],
    ) -> Result<bool, StorageError> {
        let version = version.cast_unsigned();
        let key = self.keyring.index_key("eid_code", version).ok_or(StorageError::index_key_missing(version))?;
        Ok(key.verify(&[activation, code.as_bytes()], tag))
    }

    /// The keyed hash under which uses of a number are counted.
    pub fn number_tag(&self, number: &str) -> [u8; 32] {
        self.keyring.active_index_key("eid_number").1.tag(&[number.as_bytes()])
    }

    /// The keyed hash under which uses from a network address are counted.
    pub fn address_tag(&self, address: IpAddr) -> [u8; 32] {
        let group = AddressGroup::of(address).to_bytes();
        self.keyring.active_index_key("eid_address").1.tag(&[&group])
    }

    /// The keyed hash that shows that a browser was given this text by us.
    pub fn browser_tag(&self, text: &str) -> [u8; 32] {
        self.keyring.active_index_key(BROWSER).1.tag(&[text.as_bytes()])
    }

    /// Whether `tag` is that of the text, under any key there is, in constant time.
    pub fn browser_matches(&self, text: &str, tag: &[u8]) -> bool {
        let keys = self.keyring.versions(KeyUse::Index).into_iter();
        let mut keys = keys.filter_map(|version| self.keyring.index_key(BROWSER, version));
        keys.any(|key| key.verify(&[text.as_bytes()], tag))
    }
}
