//! Keyed hashes by which rows are found.

use crate::crypto::Keyring;
use crate::storage::StorageError;

/// The first `N` bytes of HMAC-SHA-256 over `parts` under a key of the label's own. The parts are joined as they are:
/// the caller separates what could run together.
///
/// # Errors
/// `KeyMissing`.
pub fn tag<const N: usize>(
    keyring: &Keyring,
    label: &'static str,
    version: u32,
    parts: &[&[u8]],
) -> Result<[u8; N], StorageError> {
    const { assert!(N <= 32, "the hash has 32 bytes") };
    let key = keyring.index_key(label, version).ok_or(StorageError::index_key_missing(version))?;
    let mut tag = [0; N];
    tag.copy_from_slice(&key.tag(parts)[..N]);
    Ok(tag)
}
