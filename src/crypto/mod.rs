//! The sole user of ring and of curve arithmetic: digests, keyed hashes, key derivation, sealing, signatures, JOSE, the keyring.

pub mod aead;
pub mod cose;
pub mod digest;
mod ed25519;
pub mod entropy;
pub mod jose;
pub mod kdf;
pub mod keyring;
pub mod mac;
pub mod secret;
pub mod signing;
pub mod slow_hash;

pub use aead::SealingKey;
pub use entropy::SystemEntropy;
pub use keyring::{KeyInfo, KeyState, KeyUse, Keyring, KeyringError, SEALS_LIMIT, SEALS_WARNING};
pub use mac::MacKey;
pub use secret::Secret;
pub use signing::{Algorithm, SigningKey, VerifyingKey};
pub use slow_hash::SlowHash;
