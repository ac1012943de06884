//! Rows of one table, sealed and opened.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::crypto::aead::{pad_to_64, unpad};
use crate::crypto::{KeyUse, Keyring, SealingKey};
use crate::kernel::Entropy;
use crate::storage::StorageError;

/// Seals and opens one column of a table, whose content is a `T`.
///
/// The content is JSON, padded to 64 bytes so that its length tells little, and sealed with AES-256-GCM under a key of
/// the column's own. It is bound to the column, the key's version and the row: moved elsewhere, or put together from
/// two rows, it does not open. What a row is bound to is its primary key, and its version where an older one must not
/// come back. Cheap to clone.
pub struct SealedTable<T> {
    table: &'static str,
    column: &'static str,
    label: &'static str,
    keyring: Keyring,
    entropy: Arc<dyn Entropy>,
    content: PhantomData<fn() -> T>,
}

impl<T> Clone for SealedTable<T> {
    fn clone(&self) -> Self {
        let Self { table, column, label, keyring, entropy, content } = self;
        let (keyring, entropy) = (keyring.clone(), entropy.clone());
        Self { table, column, label, keyring, entropy, content: *content }
    }
}

/// What the two columns of a sealed row hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub key_version: i32,
    pub bytes: Vec<u8>,
}

impl<T> SealedTable<T> {
    /// The table's only sealed column, named `sealed`.
    pub fn new(table: &'static str, keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        Self::of_column(table, "sealed", table, keyring, entropy)
    }

    /// A column by name; `label` tells its key from those of all other columns.
    pub fn of_column(
        table: &'static str,
        column: &'static str,
        label: &'static str,
        keyring: Keyring,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { table, column, label, keyring, entropy, content: PhantomData }
    }

    /// The version that seals now, as a column has it.
    pub fn active_version(&self) -> i32 {
        self.keyring.active(KeyUse::Seal).cast_signed()
    }

    /// Seals bytes as they are.
    pub fn seal_bytes(&self, row: &[&[u8]], content: &[u8]) -> Sealed {
        let (version, key) = self.keyring.active_sealing_key(self.label);
        self.seal_with((version, &key), row, content.to_vec())
    }

    fn seal_with(&self, (version, key): (u32, &SealingKey), row: &[&[u8]], mut content: Vec<u8>) -> Sealed {
        pad_to_64(&mut content);
        let bytes = key.seal(&*self.entropy, &self.binding(version, row), &content);
        Sealed { key_version: version.cast_signed(), bytes }
    }

    /// Opens what was sealed as bytes.
    ///
    /// # Errors
    /// `KeyMissing`; `Inconsistent` if it was altered or belongs elsewhere.
    pub fn open_bytes(&self, row: &[&[u8]], key_version: i32, sealed: &[u8]) -> Result<Vec<u8>, StorageError> {
        let version = key_version.cast_unsigned();
        let key = self.keyring.sealing_key(self.label, version).ok_or(StorageError::seal_key_missing(version))?;
        let padded = key.open(&self.binding(version, row), sealed).map_err(|_| self.impossible())?;
        unpad(&padded).map(<[u8]>::to_vec).ok_or_else(|| self.impossible())
    }

    /// The same content under the active key.
    ///
    /// # Errors
    /// Those of [`open_bytes`](Self::open_bytes).
    pub fn renew(&self, row: &[&[u8]], key_version: i32, sealed: &[u8]) -> Result<Sealed, StorageError> {
        Ok(self.seal_bytes(row, &self.open_bytes(row, key_version, sealed)?))
    }

    fn impossible(&self) -> StorageError {
        StorageError::inconsistent(self.table, self.column)
    }

    /// Each part with its length, so that no two rows are bound to the same bytes.
    fn binding(&self, version: u32, row: &[&[u8]]) -> Vec<u8> {
        let length = 8 + self.label.len() + row.iter().map(|part| 4 + part.len()).sum::<usize>();
        let mut bound = Vec::with_capacity(length);
        bound.extend_from_slice(&version.to_be_bytes());
        for part in std::iter::once(self.label.as_bytes()).chain(row.iter().copied()) {
            bound.extend_from_slice(&(part.len() as u32).to_be_bytes());
            bound.extend_from_slice(part);
        }
        bound
    }
}

impl<T: Serialize + DeserializeOwned> SealedTable<T> {
    /// # Errors
    /// `BrokenInvariant` if the content cannot be written as JSON.
    pub fn seal(&self, row: &[&[u8]], content: &T) -> Result<Sealed, StorageError> {
        let (version, key) = self.keyring.active_sealing_key(self.label);
        Ok(self.seal_with((version, &key), row, json(content)?))
    }

    /// Seals under the version of a row that has another sealed column.
    ///
    /// # Errors
    /// `KeyMissing`; `BrokenInvariant` if the content cannot be written as JSON.
    pub fn seal_under(&self, key_version: i32, row: &[&[u8]], content: &T) -> Result<Vec<u8>, StorageError> {
        let version = key_version.cast_unsigned();
        let key = self.keyring.sealing_key(self.label, version).ok_or(StorageError::seal_key_missing(version))?;
        Ok(self.seal_with((version, &key), row, json(content)?).bytes)
    }

    /// # Errors
    /// Those of [`open_bytes`](Self::open_bytes); `Inconsistent` if it is no `T`.
    pub fn open(&self, row: &[&[u8]], key_version: i32, sealed: &[u8]) -> Result<T, StorageError> {
        let json = self.open_bytes(row, key_version, sealed)?;
        serde_json::from_slice(&json).map_err(|_| self.impossible())
    }
}

fn json(content: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    // Most records are shorter, padding included.
    let mut json = Vec::with_capacity(1024);
    match serde_json::to_writer(&mut json, content) {
        Ok(()) => Ok(json),
        Err(_) => Err(StorageError::BrokenInvariant("sealed content cannot be written as JSON")),
    }
}
