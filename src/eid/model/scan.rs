//! The text of the QR that the app scans to claim a request.

use std::fmt;

use crate::crypto::digest::sha256;
use crate::kernel::TransactionId;

/// A random secret that only the starting screen shows. The store knows its digest.
#[derive(Clone, PartialEq, Eq)]
pub struct ScanSecret(TransactionId);

const PREFIX: &str = "DANCU-EID:";

impl ScanSecret {
    /// Of 16 random bytes.
    pub const fn new(random: TransactionId) -> Self {
        Self(random)
    }

    /// Reads the text as it was scanned.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.trim().strip_prefix(PREFIX)?;
        letters.to_ascii_lowercase().parse().ok().map(Self)
    }

    /// For the alphanumeric mode of a QR symbol; holds no personal data.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", self.0.to_string().to_ascii_uppercase())
    }

    pub fn digest(&self) -> [u8; 32] {
        sha256(&[b"dancu/eid/scan\n", self.0.as_bytes()])
    }
}

impl fmt::Debug for ScanSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScanSecret(redacted)")
    }
}
