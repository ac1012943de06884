//! Random texts that whoever holds them is believed by: cookies, codes, refresh tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kernel::Entropy;
use crate::kernel::entropy::random_bytes;

/// 256 random bits in base64url. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn random(entropy: &dyn Entropy) -> Self {
        let bytes: [u8; 32] = random_bytes(entropy);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The text, for the one who shall hold it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(redacted)")
    }
}
