//! HMAC-SHA-256 (RFC 2104) and constant-time comparison.

use ring::hmac;
use subtle::ConstantTimeEq;

/// A key for keyed hashes. `Debug` is redacted.
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The keyed hash of the parts. Parts are not delimited: pass lengths where they can vary.
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    /// Whether `tag` is the keyed hash of the parts; in constant time.
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        equal(&self.tag(parts), tag)
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(redacted)")
    }
}

/// Compares secrets in constant time for their length; lengths themselves are no secret.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
