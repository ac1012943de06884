//! JSON Web Keys (RFC 7517) on the curves P-256 (RFC 7518) and Ed25519 (RFC 8037).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::base64url;
use super::unique::is_object_of_unique_members;
use crate::crypto::digest::sha256;
use crate::crypto::{Algorithm, SigningKey, VerifyingKey};

/// Sets larger than this are refused unread.
const SET_LIMIT: usize = 64 * 1024;
const KEY_LIMIT: usize = 4 * 1024;
const KID_LIMIT: usize = 128;

/// Why a JSON value is no key for signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkFault {
    #[error("not a JSON object with the members of a key, each once")]
    Malformed,
    #[error("the key is larger than a key can be")]
    TooLarge,
    #[error("the key type or curve is neither EC P-256 nor OKP Ed25519")]
    Unsupported,
    #[error("`x`, `y` or `d` is not canonical base64url of the right length")]
    Coordinate,
    #[error("`use`, `key_ops` or `alg` says the key is for something else")]
    OtherUse,
    #[error("a private key where a public one is meant")]
    Private,
    #[error("the private part is missing or belongs to another public key")]
    NotAPair,
    #[error("two keys have the same `kid`")]
    RepeatedKid,
    #[error("the `kid` is empty or longer than 128 bytes")]
    Kid,
}

/// The members of a JWK as they are written.
#[derive(Deserialize)]
struct Members {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<Secret>,
    kid: Option<String>,
    #[serde(rename = "use")]
    key_use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
}

struct Secret(Zeroizing<String>);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

/// A public key and the name it goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicJwk {
    pub key: VerifyingKey,
    pub kid: Option<String>,
}

impl PublicJwk {
    /// With the thumbprint as `kid`.
    pub fn of(key: VerifyingKey) -> Self {
        Self { kid: Some(thumbprint(&key)), key }
    }

    pub fn parse(json: &[u8]) -> Result<Self, JwkFault> {
        Self::from_members(members_of(json)?)
    }

    /// RFC 7638.
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.key)
    }

    /// The name tokens call the key by: its `kid`, else its thumbprint.
    pub fn key_id(&self) -> String {
        self.kid.clone().unwrap_or_else(|| self.thumbprint())
    }

    fn from_members(members: Members) -> Result<Self, JwkFault> {
        members.check_use("verify")?;
        if members.d.is_some() {
            return Err(JwkFault::Private);
        }
        Ok(Self { key: members.public_key()?, kid: members.kid })
    }
}

impl Members {
    fn algorithm(&self) -> Result<Algorithm, JwkFault> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => Ok(Algorithm::P256),
            ("OKP", Some("Ed25519")) => Ok(Algorithm::Ed25519),
            _ => Err(JwkFault::Unsupported),
        }
    }

    fn public_key(&self) -> Result<VerifyingKey, JwkFault> {
        let coordinate =
            |text: &Option<String>| text.as_deref().and_then(base64url::decode_array::<32>).ok_or(JwkFault::Coordinate);
        let algorithm = self.algorithm()?;
        let public = match algorithm {
            Algorithm::P256 => [&[4][..], &coordinate(&self.x)?, &coordinate(&self.y)?].concat(),
            Algorithm::Ed25519 if self.y.is_some() => return Err(JwkFault::Coordinate),
            Algorithm::Ed25519 => coordinate(&self.x)?.to_vec(),
        };
        VerifyingKey::new(algorithm, &public).map_err(|_| JwkFault::Coordinate)
    }

    fn check_use(&self, operation: &str) -> Result<(), JwkFault> {
        let algorithm = self.algorithm()?;
        let fits = self.key_use.as_deref().is_none_or(|key_use| key_use == "sig")
            && self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|name| name == operation))
            && self.alg.as_deref().is_none_or(|alg| alg == algorithm_name(algorithm));
        if !fits {
            return Err(JwkFault::OtherUse);
        }
        match &self.kid {
            Some(kid) if kid.is_empty() || kid.len() > KID_LIMIT => Err(JwkFault::Kid),
            _ => Ok(()),
        }
    }
}

fn members_of(json: &[u8]) -> Result<Members, JwkFault> {
    if json.len() > KEY_LIMIT {
        return Err(JwkFault::TooLarge);
    }
    if !is_object_of_unique_members(json) {
        return Err(JwkFault::Malformed);
    }
    serde_json::from_slice(json).map_err(|_| JwkFault::Malformed)
}

/// The JOSE name of an algorithm (RFC 7518, RFC 8037).
pub const fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::P256 => "ES256",
        Algorithm::Ed25519 => "EdDSA",
    }
}

/// RFC 7638: SHA-256 of the key's required members, in lexical order and without spaces.
pub fn thumbprint(key: &VerifyingKey) -> String {
    let (x, y) = coordinates(key);
    let json = match y {
        Some(y) => format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#),
        None => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
    };
    base64url::encode(&sha256(&[json.as_bytes()]))
}

fn coordinates(key: &VerifyingKey) -> (String, Option<String>) {
    let bytes = key.as_bytes();
    match key.algorithm() {
        Algorithm::P256 => (base64url::encode(&bytes[1..33]), Some(base64url::encode(&bytes[33..]))),
        Algorithm::Ed25519 => (base64url::encode(bytes), None),
    }
}

#[derive(Serialize)]
struct Written<'a> {
    kty: &'static str,
    crv: &'static str,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    d: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(rename = "use")]
    key_use: &'static str,
    alg: &'static str,
}

fn written<'a>(key: &VerifyingKey, kid: Option<&'a str>, d: Option<&'a str>) -> Written<'a> {
    let (x, y) = coordinates(key);
    let (kty, crv) = match key.algorithm() {
        Algorithm::P256 => ("EC", "P-256"),
        Algorithm::Ed25519 => ("OKP", "Ed25519"),
    };
    Written { kty, crv, x, y, d, kid, key_use: "sig", alg: algorithm_name(key.algorithm()) }
}

impl Serialize for PublicJwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(&self.key, self.kid.as_deref(), None).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicJwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_members(Members::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Public keys under `keys` (RFC 7517 section 5).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct JwkSet {
    pub keys: Vec<PublicJwk>,
}

impl JwkSet {
    /// Keys by key id, as [`Keyring::verifying_keys`](crate::crypto::Keyring::verifying_keys) gives them.
    pub fn of(keys: impl IntoIterator<Item = (String, VerifyingKey)>) -> Self {
        Self { keys: keys.into_iter().map(|(kid, key)| PublicJwk { key, kid: Some(kid) }).collect() }
    }

    /// Reads a set of others' keys. Keys of other types or uses are passed over, as RFC 7517
    /// section 5 asks; a key of ours that is ill-formed, private or named twice is refused.
    pub fn parse(json: &[u8]) -> Result<Self, JwkFault> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Members>,
        }
        if json.len() > SET_LIMIT {
            return Err(JwkFault::TooLarge);
        }
        let set: Set = serde_json::from_slice(json).map_err(|_| JwkFault::Malformed)?;
        let mut keys: Vec<PublicJwk> = Vec::with_capacity(set.keys.len());
        for members in set.keys {
            match PublicJwk::from_members(members) {
                Ok(key) if key.kid.is_some() && keys.iter().any(|other| other.kid == key.kid) => {
                    return Err(JwkFault::RepeatedKid);
                }
                Ok(key) => keys.push(key),
                Err(JwkFault::Unsupported | JwkFault::OtherUse) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(Self { keys })
    }

    pub fn find(&self, kid: &str) -> Option<&PublicJwk> {
        self.keys.iter().find(|key| key.kid.as_deref() == Some(kid))
    }
}

/// A private key with its public half. `Debug` is redacted.
#[derive(Debug, Clone)]
pub struct PrivateJwk {
    pub key: SigningKey,
    pub kid: Option<String>,
    secret: Secret32,
}

#[derive(Clone)]
struct Secret32(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Secret32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("redacted")
    }
}

impl PrivateJwk {
    /// A new key with its thumbprint as `kid`.
    pub fn generate(algorithm: Algorithm) -> Result<Self, JwkFault> {
        let der = SigningKey::generate_pkcs8(algorithm).map_err(|_| JwkFault::NotAPair)?;
        let public = SigningKey::from_pkcs8(algorithm, &der).map_err(|_| JwkFault::NotAPair)?.verifying_key();
        let secret = Zeroizing::new(private_part(algorithm, &der).ok_or(JwkFault::NotAPair)?);
        Self::of(public, secret, None).map(|key| Self { kid: Some(key.public().thumbprint()), ..key })
    }

    pub fn parse(json: &[u8]) -> Result<Self, JwkFault> {
        let members = members_of(json)?;
        members.check_use("sign")?;
        let public = members.public_key()?;
        let text = &members.d.ok_or(JwkFault::NotAPair)?.0;
        let secret = base64url::decode_array(text).map(Zeroizing::new).ok_or(JwkFault::Coordinate)?;
        Self::of(public, secret, members.kid)
    }

    fn of(public: VerifyingKey, secret: Zeroizing<[u8; 32]>, kid: Option<String>) -> Result<Self, JwkFault> {
        let key = SigningKey::from_parts(public.algorithm(), &*secret, public.as_bytes());
        Ok(Self { key: key.map_err(|_| JwkFault::NotAPair)?, kid, secret: Secret32(secret) })
    }

    pub fn public(&self) -> PublicJwk {
        PublicJwk { key: self.key.verifying_key(), kid: self.kid.clone() }
    }

    /// The whole key, private part included: for files that only their owner can read.
    pub fn to_json(&self) -> Zeroizing<String> {
        let d = Zeroizing::new(base64url::encode(&*self.secret.0));
        let written = written(&self.key.verifying_key(), self.kid.as_deref(), Some(&d));
        Zeroizing::new(serde_json::to_string(&written).expect("a key's members are plain text"))
    }
}

/// The raw private scalar or seed in a PKCS#8 document as ring writes it: RFC 5958 with the octet
/// string of RFC 8410 or the ECPrivateKey of RFC 5915, whose lengths are all fixed.
fn private_part(algorithm: Algorithm, der: &[u8]) -> Option<[u8; 32]> {
    let prefix: &[u8] = match algorithm {
        // OCTET STRING { OCTET STRING { 32 bytes } }
        Algorithm::Ed25519 => &[0x04, 0x22, 0x04, 0x20],
        // SEQUENCE { INTEGER 1, OCTET STRING { 32 bytes } … }
        Algorithm::P256 => &[0x02, 0x01, 0x01, 0x04, 0x20],
    };
    let place = der.windows(prefix.len()).position(|window| window == prefix)? + prefix.len();
    der.get(place..place + 32)?.try_into().ok()
}
