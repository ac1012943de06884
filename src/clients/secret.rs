//! Secrets of clients that cannot sign (`client_secret_basic`, profile `baseline`).

use crate::crypto::{MacKey, Secret};
use crate::kernel::Entropy;
use crate::kernel::entropy::random_bytes;

/// What is kept of a secret: an HMAC of it under a random key of its own. A secret holds 256 random
/// bits, so nothing slower is needed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretTag {
    pub(super) salt: [u8; 32],
    pub(super) tag: [u8; 32],
}

impl SecretTag {
    pub fn of(secret: &Secret, entropy: &dyn Entropy) -> Self {
        let salt = random_bytes(entropy);
        Self { salt, tag: MacKey::new(&salt).tag(&[secret.expose().as_bytes()]) }
    }

    /// Whether `text` is the secret; in constant time.
    pub fn fits(&self, text: &str) -> bool {
        MacKey::new(&self.salt).verify(&[text.as_bytes()], &self.tag)
    }

    /// As the columns hold it: salt and tag.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [self.salt, self.tag].concat()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (salt, tag) = bytes.split_at_checked(32)?;
        Some(Self { salt: salt.try_into().ok()?, tag: tag.try_into().ok()? })
    }
}

impl std::fmt::Debug for SecretTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretTag(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SystemEntropy;

    #[test]
    fn only_the_secret_itself_fits() {
        let entropy = SystemEntropy::default();
        let (secret, other) = (Secret::random(&entropy), Secret::random(&entropy));
        let tag = SecretTag::of(&secret, &entropy);
        let read = SecretTag::from_bytes(&tag.to_bytes()).unwrap();
        assert!(read.fits(secret.expose()));
        assert!(!read.fits(other.expose()) && !read.fits(""));
        assert_eq!(SecretTag::from_bytes(&[0; 63]), None);
    }
}
