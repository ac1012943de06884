//! How entries rest in the database: each body sealed under a data key, each data key sealed under
//! the keyring. Rotating the keyring's key re-seals a handful of data keys and no entry; no data
//! key seals more than [`SEALS_PER_KEY`] bodies; deleting a data key shreds what it sealed, in
//! backups too.

use zeroize::Zeroizing;

use super::position::Position;
use super::store::DataKeyRow;
use crate::crypto::aead::{FreshNonce, pad_to_64, unpad};
use crate::crypto::{KeyUse, Keyring, SealingKey};
use crate::kernel::Entropy;
use crate::storage::StorageError;

/// Far below the 2^31 that random nonces allow, and small enough that expiry soon reaches a key.
pub(super) const SEALS_PER_KEY: u32 = 1 << 20;

const LABEL: &str = "audit";

/// The key under which a writer seals now.
#[derive(Debug)]
pub(super) struct DataKey {
    pub number: i32,
    pub version: u32,
    pub left: u32,
    key: SealingKey,
}

fn key_bound(log: i32, number: i32) -> [u8; 24] {
    let mut bound = *b"audit_data_keys\0\0\0\0\0\0\0\0\0";
    bound[16..20].copy_from_slice(&log.to_be_bytes());
    bound[20..].copy_from_slice(&number.to_be_bytes());
    bound
}

fn entry_bound(position: Position) -> [u8; 24] {
    let mut bound = *b"audit_entries\0\0\0\0\0\0\0\0\0\0\0";
    bound[16..].copy_from_slice(&position.column().to_be_bytes());
    bound
}

fn keyring_key(keyring: &Keyring, version: u32) -> Result<std::sync::Arc<SealingKey>, StorageError> {
    keyring.sealing_key(LABEL, version).ok_or(StorageError::seal_key_missing(version))
}

impl DataKey {
    /// A new data key and the row that keeps it.
    pub(super) fn make(
        keyring: &Keyring,
        entropy: &dyn Entropy,
        log: i32,
        number: i32,
        first: u64,
    ) -> Result<(Self, DataKeyRow), StorageError> {
        let version = keyring.active(KeyUse::Seal);
        let mut secret = Zeroizing::new([0; 32]);
        entropy.fill(secret.as_mut());
        let sealed = keyring_key(keyring, version)?.seal(entropy, &key_bound(log, number), secret.as_slice());
        let row = DataKeyRow { log, number, first: first.cast_signed(), key_version: version.cast_signed(), sealed };
        Ok((Self { number, version, left: SEALS_PER_KEY, key: SealingKey::new(&secret) }, row))
    }

    /// Seals a body and the persons it is about for one position.
    pub(super) fn seal(
        &mut self,
        nonce: FreshNonce,
        position: Position,
        subjects: &[[u8; 16]],
        body: &[u8],
        scratch: &mut Vec<u8>,
    ) -> Vec<u8> {
        self.left = self.left.saturating_sub(1);
        scratch.clear();
        scratch.extend_from_slice(&(subjects.len() as u16).to_be_bytes());
        scratch.extend_from_slice(subjects.as_flattened());
        scratch.extend_from_slice(body);
        pad_to_64(scratch);
        self.key.seal_with(nonce, &entry_bound(position), scratch)
    }
}

fn open_secret(keyring: &Keyring, row: &DataKeyRow) -> Result<Zeroizing<[u8; 32]>, StorageError> {
    let key = keyring_key(keyring, row.key_version.cast_unsigned())?;
    let broken = || StorageError::inconsistent_row("audit_data_keys", "sealed", format!("{}/{}", row.log, row.number));
    let plain = Zeroizing::new(key.open(&key_bound(row.log, row.number), &row.sealed).map_err(|_| broken())?);
    plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| broken())
}

/// The same data key under the keyring's active version.
pub(super) fn rewrap(keyring: &Keyring, entropy: &dyn Entropy, row: &DataKeyRow) -> Result<DataKeyRow, StorageError> {
    let secret = open_secret(keyring, row)?;
    let version = keyring.active(KeyUse::Seal);
    let sealed = keyring_key(keyring, version)?.seal(entropy, &key_bound(row.log, row.number), secret.as_slice());
    Ok(DataKeyRow { key_version: version.cast_signed(), sealed, ..*row })
}

/// An entry as it was written: its persons, and its canonical form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub subjects: Vec<[u8; 16]>,
    pub body: Vec<u8>,
}

/// Opens what one data key sealed.
#[derive(Debug)]
pub(super) struct Opener(SealingKey);

impl Opener {
    pub(super) fn new(keyring: &Keyring, row: &DataKeyRow) -> Result<Self, StorageError> {
        Ok(Self(SealingKey::new(&*open_secret(keyring, row)?)))
    }

    /// `None` if the bytes were altered or belong elsewhere.
    pub(super) fn open(&self, position: Position, sealed: &[u8]) -> Option<Opened> {
        let padded = self.0.open(&entry_bound(position), sealed).ok()?;
        let (count, rest) = unpad(&padded)?.split_first_chunk::<2>()?;
        let (subjects, body) = rest.split_at_checked(usize::from(u16::from_be_bytes(*count)) * 16)?;
        Some(Opened { subjects: subjects.as_chunks::<16>().0.to_vec(), body: body.to_vec() })
    }
}
