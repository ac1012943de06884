//! AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces.
//!
//! A key seals at most 2³¹ messages, well before nonces can be feared to meet; the keyring counts, and its
//! users rotate.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::kernel::{Entropy, entropy::random_bytes};

/// A key that seals and opens, and counts what it sealed. `Debug` is redacted.
pub struct SealingKey {
    key: LessSafeKey,
    seals: Arc<AtomicU64>,
}

/// A nonce nobody has sealed under. It cannot be copied.
#[derive(Debug)]
pub struct FreshNonce([u8; NONCE_LEN]);

impl FreshNonce {
    /// `count` nonces by one call for randomness.
    pub fn draw(entropy: &dyn Entropy, count: usize) -> impl Iterator<Item = Self> + use<> {
        let mut bytes = vec![0; count * NONCE_LEN];
        entropy.fill(&mut bytes);
        (0..count).map(move |place| {
            let mut nonce = [0; NONCE_LEN];
            nonce.copy_from_slice(&bytes[place * NONCE_LEN..][..NONCE_LEN]);
            Self(nonce)
        })
    }
}

/// The sealed bytes were altered, belong elsewhere, or were sealed under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes do not open")]
pub struct DoesNotOpen;

impl SealingKey {
    pub fn new(secret: &[u8; 32]) -> Self {
        Self::counted(secret, Arc::default())
    }

    /// Its seals are added to a count that several keys may share.
    pub fn counted(secret: &[u8; 32], seals: Arc<AtomicU64>) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, secret).expect("32 bytes are an AES-256 key");
        Self { key: LessSafeKey::new(key), seals }
    }

    /// `nonce ‖ ciphertext ‖ tag`; `bound` must be given again to open.
    pub fn seal(&self, entropy: &dyn Entropy, bound: &[u8], plain: &[u8]) -> Vec<u8> {
        self.seal_with(FreshNonce(random_bytes(entropy)), bound, plain)
    }

    /// The same under a nonce that was drawn with others.
    pub fn seal_with(&self, nonce: FreshNonce, bound: &[u8], plain: &[u8]) -> Vec<u8> {
        self.seals.fetch_add(1, Ordering::Relaxed);
        let FreshNonce(nonce) = nonce;
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut sealed[NONCE_LEN..])
            .expect("a record is far below AES-GCM's limit of 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    pub fn open(&self, bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(DoesNotOpen)?;
        let mut plain = body.to_vec();
        let length = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound), &mut plain)
            .map_err(|_| DoesNotOpen)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(redacted)")
    }
}

/// Pads to a multiple of 64 bytes (ISO/IEC 7816-4: one `0x80`, then zeros), so that a sealed
/// record's length tells little about it.
pub fn pad_to_64(plain: &mut Vec<u8>) {
    plain.push(0x80);
    plain.resize(plain.len().next_multiple_of(64), 0);
}

/// Takes the padding off again; `None` if there is none.
pub fn unpad(plain: &[u8]) -> Option<&[u8]> {
    let end = plain.iter().rposition(|byte| *byte != 0)?;
    (plain[end] == 0x80).then(|| &plain[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SystemEntropy;

    #[test]
    fn opens_only_whole_and_in_its_place() {
        let key = SealingKey::new(&[1; 32]);
        let sealed = key.seal(&SystemEntropy::default(), b"here", b"secret");
        assert_eq!(key.open(b"here", &sealed).as_deref(), Ok(b"secret".as_slice()));
        assert_eq!(key.open(b"there", &sealed), Err(DoesNotOpen));
        assert_eq!(key.open(b"here", &sealed[..10]), Err(DoesNotOpen));
        let mut altered = sealed.clone();
        altered[14] ^= 1;
        assert_eq!(key.open(b"here", &altered), Err(DoesNotOpen));
        assert_eq!(SealingKey::new(&[2; 32]).open(b"here", &sealed), Err(DoesNotOpen));
    }

    #[test]
    fn nonces_drawn_together_differ() {
        let nonces: Vec<_> = FreshNonce::draw(&SystemEntropy::default(), 9).map(|nonce| nonce.0).collect();
        let distinct: std::collections::HashSet<_> = nonces.iter().collect();
        assert_eq!((nonces.len(), distinct.len()), (9, 9));
    }

    #[test]
    fn padding_round_trips() {
        for length in [0, 1, 62, 63, 64, 65] {
            let plain = vec![0; length];
            let mut padded = plain.clone();
            pad_to_64(&mut padded);
            assert_eq!(padded.len() % 64, 0);
            assert_eq!(unpad(&padded), Some(plain.as_slice()));
        }
        assert_eq!(unpad(&[0; 64]), None);
    }
}
