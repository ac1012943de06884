//! Signatures: Ed25519 (RFC 8032) and ECDSA P-256 with SHA-256 (FIPS 186-5, fixed-length r ‖ s).

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    UnparsedPublicKey,
};
use zeroize::Zeroizing;

use super::ed25519::FrequentKey;

/// Which signature scheme a key belongs to; a key never changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    Ed25519,
    P256,
}

/// A private signing key. `Debug` is redacted; clones share it.
#[derive(Clone)]
pub struct SigningKey(Arc<Pair>);

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair, SystemRandom),
}

/// The bytes are no key of the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key of this algorithm")]
pub struct KeyFault;

/// The signature is not by this key over these bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

#[allow(clippy::disallowed_methods, reason = "ring takes no other randomness for keys and ECDSA nonces")]
fn system_random() -> SystemRandom {
    SystemRandom::new()
}

impl SigningKey {
    /// A new key as PKCS#8 v2 (RFC 5958) in DER.
    pub fn generate_pkcs8(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
        let random = system_random();
        let document = match algorithm {
            Algorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random),
            Algorithm::P256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random),
        };
        document.map(|d| Zeroizing::new(d.as_ref().to_vec())).map_err(|_| KeyFault)
    }

    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyFault> {
        let pair = match algorithm {
            Algorithm::Ed25519 => Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| KeyFault)?),
            Algorithm::P256 => {
                let random = system_random();
                let pair =
                    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random).map_err(|_| KeyFault)?;
                Pair::P256(pair, random)
            }
        };
        Ok(Self(Arc::new(pair)))
    }

    /// From the raw private scalar or seed and its public key, as a JWK carries them (`d`, `x`, `y`).
    pub fn from_parts(algorithm: Algorithm, private: &[u8], public: &[u8]) -> Result<Self, KeyFault> {
        let pair = match algorithm {
            Algorithm::Ed25519 => {
                Pair::Ed25519(Ed25519KeyPair::from_seed_and_public_key(private, public).map_err(|_| KeyFault)?)
            }
            Algorithm::P256 => {
                let random = system_random();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    private,
                    public,
                    &random,
                )
                .map_err(|_| KeyFault)?;
                Pair::P256(pair, random)
            }
        };
        Ok(Self(Arc::new(pair)))
    }

    pub fn algorithm(&self) -> Algorithm {
        match *self.0 {
            Pair::Ed25519(_) => Algorithm::Ed25519,
            Pair::P256(..) => Algorithm::P256,
        }
    }

    /// 32 bytes (Ed25519) or the uncompressed point of 65 bytes (P-256).
    pub fn public_key(&self) -> &[u8] {
        match &*self.0 {
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::P256(pair, _) => pair.public_key().as_ref(),
        }
    }

    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { algorithm: self.algorithm(), public: self.public_key().into(), frequent: None }
    }

    /// 64 bytes.
    ///
    /// # Panics
    /// If the operating system gives no randomness (P-256 only).
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        match &*self.0 {
            Pair::Ed25519(pair) => signature.copy_from_slice(pair.sign(message).as_ref()),
            Pair::P256(pair, random) => {
                let signed =
                    pair.sign(random as &dyn SecureRandom, message).expect("the operating system gives random bytes");
                signature.copy_from_slice(signed.as_ref());
            }
        }
        signature
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({:?}, redacted)", self.algorithm())
    }
}

/// A public key that checks signatures of one algorithm only.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    public: Arc<[u8]>,
    /// Laid out at the first verification; `None` inside if the bytes are no point.
    frequent: Option<Arc<OnceLock<Option<FrequentKey>>>>,
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        (self.algorithm, &self.public) == (other.algorithm, &other.public)
    }
}

impl Eq for VerifyingKey {}

impl Hash for VerifyingKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.algorithm, &self.public).hash(state);
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

impl VerifyingKey {
    /// Takes 32 bytes (Ed25519) or an uncompressed point of 65 bytes (P-256). Whether the point
    /// lies on the curve shows at the first [`verify`](Self::verify).
    pub fn new(algorithm: Algorithm, public: &[u8]) -> Result<Self, KeyFault> {
        let fits = match algorithm {
            Algorithm::Ed25519 => public.len() == 32,
            Algorithm::P256 => public.len() == 65 && public[0] == 4,
        };
        if fits { Ok(Self { algorithm, public: public.into(), frequent: None }) } else { Err(KeyFault) }
    }

    /// The same key, to verify again and again: an Ed25519 key takes 655 kB then, which its clones share, about
    /// a millisecond for the first signature, and less than half as long for every other.
    #[must_use]
    pub fn frequent(self) -> Self {
        let frequent = (self.algorithm == Algorithm::Ed25519).then(Arc::default);
        Self { frequent, ..self }
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.public
    }

    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let frequent =
            self.frequent.as_ref().and_then(|key| key.get_or_init(|| FrequentKey::new(&self.public)).as_ref());
        if let Some(key) = frequent {
            return if key.verifies(message, signature) { Ok(()) } else { Err(BadSignature) };
        }
        let verified = match self.algorithm {
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.public).verify(message, signature),
            Algorithm::P256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public).verify(message, signature)
            }
        };
        verified.map_err(|_| BadSignature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_algorithms_sign_and_refuse_altered_bytes() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let der = SigningKey::generate_pkcs8(algorithm).unwrap();
            let key = SigningKey::from_pkcs8(algorithm, &der).unwrap();
            let public = key.verifying_key();
            let signature = key.sign(b"message");
            assert_eq!(public.verify(b"message", &signature), Ok(()));
            assert_eq!(public.verify(b"massage", &signature), Err(BadSignature));
            assert_eq!(public.verify(b"message", &signature[1..]), Err(BadSignature));
            assert!(VerifyingKey::new(algorithm, &key.public_key()[1..]).is_err());
        }
    }
}
