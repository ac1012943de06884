//! Argon2id (RFC 9106) for what people remember. Everything else that is secret here is random, and
//! needs no more than one HMAC.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::mac;

/// The second choice of RFC 9106 scaled to a phone's patience: 19 MiB, two passes, one lane; 15 ms
/// on a server.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Names these costs in stored hashes; others will get another number.
const COST: u8 = 1;
const LENGTH: usize = 32;

/// A salted hash that is slow to make. `Debug` is redacted.
#[derive(Clone, Serialize, Deserialize)]
pub struct SlowHash {
    cost: u8,
    salt: [u8; 16],
    hash: [u8; LENGTH],
}

/// The machine has no memory for the hash, or the hash was made at costs this program does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the hash cannot be computed")]
pub struct NotComputed;

impl SlowHash {
    /// Blocks for as long as the hash takes, and takes 19 MiB meanwhile.
    pub fn of(secret: &[u8], salt: [u8; 16]) -> Result<Self, NotComputed> {
        Ok(Self { cost: COST, salt, hash: *compute(secret, &salt)? })
    }

    /// Whether it is the secret's; compared in constant time. Blocks likewise.
    pub fn matches(&self, secret: &[u8]) -> Result<bool, NotComputed> {
        if self.cost != COST {
            return Err(NotComputed);
        }
        Ok(mac::equal(&*compute(secret, &self.salt)?, &self.hash))
    }
}

fn compute(secret: &[u8], salt: &[u8; 16]) -> Result<Zeroizing<[u8; LENGTH]>, NotComputed> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(LENGTH)).map_err(|_| NotComputed)?;
    let mut hash = Zeroizing::new([0; LENGTH]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(secret, salt, &mut *hash)
        .map_err(|_| NotComputed)?;
    Ok(hash)
}

impl std::fmt::Debug for SlowHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlowHash(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_matches_and_the_salt_matters() {
        let hash = SlowHash::of(b"735914", [7; 16]).unwrap();
        assert_eq!(hash.matches(b"735914"), Ok(true));
        assert_eq!(hash.matches(b"735915"), Ok(false));
        assert_ne!(hash.hash, SlowHash::of(b"735914", [8; 16]).unwrap().hash);
        let read: SlowHash = serde_json::from_str(&serde_json::to_string(&hash).unwrap()).unwrap();
        assert_eq!(read.matches(b"735914"), Ok(true));
        assert_eq!(format!("{hash:?}"), "SlowHash(redacted)");
    }
}
