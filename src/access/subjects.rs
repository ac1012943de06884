//! What clients call citizens: the same for clients of one sector, unlinkable between sectors (OpenID
//! Connect Core section 8.1).

use super::service::Access;
use super::store::subjects;
use crate::clients::Client;
use crate::crypto::KeyUse;
use crate::kernel::{CitizenId, TransactionId};
use crate::storage::{StorageError, Tx};

const LABEL: &str = "subjects";

impl Access {
    /// The subject of a citizen in the client's sector. It is kept from its first use on, so that no
    /// change of keys changes it.
    pub(super) fn subject(&self, tx: &mut Tx<'_>, client: &Client, citizen: CitizenId) -> Result<String, StorageError> {
        match subjects::find(tx.db()?, client.sector(), citizen)? {
            Some(known) => Ok(known),
            None => subjects::keep(tx.db()?, client.sector(), citizen, &self.derive(client, citizen)?),
        }
    }

    /// Derived under the oldest key there is: after a loss of the newest rows (a restored backup) the
    /// same subject is found again, as long as that key is kept.
    fn derive(&self, client: &Client, citizen: CitizenId) -> Result<String, StorageError> {
        let oldest = self.keyring.versions(KeyUse::Index).into_iter().min();
        let key = oldest.and_then(|version| self.keyring.index_key(LABEL, version));
        let key = key.ok_or(StorageError::BrokenInvariant("no key derives subjects"))?;
        let tag = key.tag(&[citizen.as_bytes(), client.sector().as_bytes()]);
        let (mut first, mut second) = ([0; 16], [0; 16]);
        first.copy_from_slice(&tag[..16]);
        second.copy_from_slice(&tag[16..]);
        // Letters only: a filter that strikes long runs of digits from a log leaves them alone.
        Ok(format!("{}{}", TransactionId(first), TransactionId(second)))
    }
}
