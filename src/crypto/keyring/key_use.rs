//! What keys are for. A new use is one variant and one line in each table here.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::crypto::Algorithm;

/// What a key is for; each use has versions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyUse {
    /// Root secret of the keyed hashes that find identifiers.
    Index,
    /// Root secret of the sealing keys of everything that names a person.
    Seal,
    /// ES256 key that signs access tokens.
    Token,
    /// Ed25519 key that signs audit checkpoints.
    Audit,
    /// Ed25519 key that signs QR credentials and their status lists.
    Qr,
    /// ES256 key that signs documents: residence confirmations, receipts of stay notifications.
    Document,
}

/// What the material of a use is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 32 random bytes from which keys are derived, one per label.
    Root,
    /// A private key (PKCS#8).
    Signing(Algorithm),
}

impl KeyUse {
    /// Every use, in the order of the variants.
    pub const ALL: [Self; 6] = [Self::Index, Self::Seal, Self::Token, Self::Audit, Self::Qr, Self::Document];

    /// The word that names it in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Seal => "seal",
            Self::Token => "token",
            Self::Audit => "audit",
            Self::Qr => "qr",
            Self::Document => "document",
        }
    }

    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Index | Self::Seal => Kind::Root,
            Self::Token | Self::Document => Kind::Signing(Algorithm::P256),
            Self::Audit | Self::Qr => Kind::Signing(Algorithm::Ed25519),
        }
    }

    /// How long a version must be kept after the last thing was written with it, rows apart:
    /// tokens are verified until they expire, credentials likewise, an audit log for good (`None`).
    pub(super) const fn kept_after_use(self) -> Option<Duration> {
        match self {
            Self::Index | Self::Seal => Some(Duration::ZERO),
            Self::Token => Some(Duration::from_secs(24 * 3600)),
            Self::Audit => None,
            Self::Qr => Some(Duration::from_secs(5 * 366 * 24 * 3600)),
            // The longest validity that can be configured.
            Self::Document => Some(Duration::from_secs(10 * 366 * 24 * 3600)),
        }
    }
}

impl fmt::Display for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for KeyUse {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The word names no use of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a use of keys: index, seal, token, audit, qr or document")]
pub struct UnknownUse;

impl FromStr for KeyUse {
    type Err = UnknownUse;
    fn from_str(text: &str) -> Result<Self, UnknownUse> {
        Self::ALL.into_iter().find(|key_use| key_use.name() == text).ok_or(UnknownUse)
    }
}

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Handed out: every replica can read with it, none writes with it yet.
    Standby,
    /// New records are written with it.
    Active,
    /// Only reads what was written with it.
    RetiredForWriting,
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standby => "standby",
            Self::Active => "active",
            Self::RetiredForWriting => "retired-for-writing",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree_with_the_variants() {
        for (place, key_use) in KeyUse::ALL.into_iter().enumerate() {
            assert_eq!(key_use as usize, place);
            assert_eq!(key_use.name().parse(), Ok(key_use));
            assert!(UnknownUse.to_string().contains(key_use.name()));
        }
        assert_eq!("Seal".parse::<KeyUse>(), Err(UnknownUse));
    }
}
