//! Sealing and keyed hashes of what names a person.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sender::Message;
use crate::crypto::{KeyUse, Keyring, SlowHash};
use crate::kernel::{AddressGroup, Entropy};
use crate::sealing::SealedTable;
use crate::storage::StorageError;

const BROWSER: &str = "eid_browser";

/// What is sealed of a device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeviceSecrets {
    /// As the citizen named it.
    pub name: String,
    pub passcode: SlowHash,
}

/// Seals, opens and hashes with the installation's keys. Cheap to clone.
#[derive(Clone)]
pub struct EidCodec {
    keyring: Keyring,
    pub entropy: Arc<dyn Entropy>,
    pub devices: SealedTable<DeviceSecrets>,
    pub messages: SealedTable<Message>,
    /// What a device is shown and signs, as text.
    pub statements: SealedTable<String>,
    /// What a device signed, as text. It stands in the row of its statement, under the same version.
    pub proofs: SealedTable<String>,
}

impl EidCodec {
    pub fn new(keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        let of = || (keyring.clone(), entropy.clone());
        let [devices, messages, statements, proofs] = [of(), of(), of(), of()];
        Self {
            devices: SealedTable::new("eid_devices", devices.0, devices.1),
            messages: SealedTable::new("eid_outbox", messages.0, messages.1),
            statements: SealedTable::new("eid_transactions", statements.0, statements.1),
            proofs: SealedTable::of_column("eid_transactions", "proof", "eid_proofs", proofs.0, proofs.1),
            keyring,
            entropy,
        }
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
