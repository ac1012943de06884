//! One key file: its JSON form and the key it holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::derived::Derived;
use super::fault::KeyFaultReason;
use super::key_use::{KeyState, KeyUse, Kind};
use crate::crypto::digest::sha256;
use crate::crypto::jose::jwk;
use crate::crypto::{MacKey, SealingKey, SigningKey, VerifyingKey, kdf};
use crate::kernel::entropy::random_bytes;
use crate::kernel::{Entropy, Instant};

/// A key with its place in the keyring.
#[derive(Clone)]
pub(super) struct Key {
    pub key_use: KeyUse,
    pub version: u32,
    pub state: KeyState,
    pub created: Instant,
    /// When it came to its state.
    pub since: Instant,
    /// Made by `dancu demo`: never good for service.
    pub demo: bool,
    pub material: Arc<Material>,
}

/// Key material with what was computed from it; shared by every snapshot that holds the key.
pub(super) struct Material {
    secret: Zeroizing<Vec<u8>>,
    /// Tells whether two materials are the same without comparing secrets.
    pub fingerprint: [u8; 32],
    form: Form,
}

enum Form {
    Root(Box<Root>),
    Signing { kid: String, key: SigningKey, public: VerifyingKey },
}

pub(super) struct Root {
    secret: Zeroizing<[u8; 32]>,
    sealing: Derived<SealingKey>,
    /// Of all keys for sealing.
    seals: Arc<AtomicU64>,
    index: Derived<MacKey>,
}

impl Root {
    pub(super) fn sealing(&self, label: &'static str) -> Arc<SealingKey> {
        self.sealing.get(label, || SealingKey::counted(&self.derive("seal", label), Arc::clone(&self.seals)))
    }

    pub(super) fn index(&self, label: &'static str) -> Arc<MacKey> {
        self.index.get(label, || MacKey::new(&self.derive("index", label)))
    }

    /// How many messages were sealed so far, under whichever label.
    pub(super) fn seals(&self) -> u64 {
        self.seals.load(Ordering::Relaxed)
    }

    fn derive(&self, purpose: &str, label: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(kdf::derive(&self.secret, &format!("{purpose}/{label}")))
    }
}

impl Material {
    pub(super) fn parse(key_use: KeyUse, secret: Zeroizing<Vec<u8>>) -> Result<Self, KeyFaultReason> {
        let form = match key_use.kind() {
            Kind::Root => {
                let root = <[u8; 32]>::try_from(secret.as_slice()).map_err(|_| KeyFaultReason::Material)?;
                let secret = Zeroizing::new(root);
                Form::Root(Box::new(Root {
                    secret,
                    sealing: Derived::default(),
                    seals: Arc::default(),
                    index: Derived::default(),
                }))
            }
            Kind::Signing(algorithm) => {
                let key = SigningKey::from_pkcs8(algorithm, &secret).map_err(|_| KeyFaultReason::Material)?;
                let public = key.verifying_key().frequent();
                Form::Signing { kid: jwk::thumbprint(&public), key, public }
            }
        };
        Ok(Self { fingerprint: sha256(&[b"dancu key material", &secret]), secret, form })
    }

    pub(super) fn generate(key_use: KeyUse, entropy: &dyn Entropy) -> Result<Self, KeyFaultReason> {
        let secret = match key_use.kind() {
            Kind::Root => Zeroizing::new(Zeroizing::new(random_bytes::<32>(entropy)).to_vec()),
            Kind::Signing(algorithm) => SigningKey::generate_pkcs8(algorithm).map_err(|_| KeyFaultReason::Material)?,
        };
        Self::parse(key_use, secret)
    }

    /// # Panics
    /// If the use of this key is one of signing keys; see [`KeyUse::kind`].
    pub(super) fn root(&self) -> &Root {
        match &self.form {
            Form::Root(root) => root,
            Form::Signing { .. } => panic!("a signing key derives no keys"),
        }
    }

    /// `None` for a root secret.
    pub(super) fn signing(&self) -> Option<(&str, &SigningKey)> {
        match &self.form {
            Form::Signing { kid, key, .. } => Some((kid, key)),
            Form::Root(_) => None,
        }
    }

    /// `None` for a root secret.
    pub(super) fn verifying(&self) -> Option<(&str, &VerifyingKey)> {
        match &self.form {
            Form::Signing { kid, public, .. } => Some((kid, public)),
            Form::Root(_) => None,
        }
    }

    /// Shows damage to a file, of which random bytes give no sign; tells nothing about the secret.
    fn checksum(&self) -> String {
        STANDARD.encode(&self.fingerprint[..9])
    }
}

impl Key {
    pub(super) fn file_name(&self) -> String {
        file_name(self.key_use, self.version)
    }

    pub(super) fn with_state(&self, state: KeyState, since: Instant) -> Self {
        Self { state, since, ..self.clone() }
    }

    /// The file's text, ending in a newline.
    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let form = KeyFile {
            key_use: self.key_use.name().into(),
            version: self.version,
            state: self.state,
            created: self.created,
            since: self.since,
            demo: self.demo,
            material: Secret(Zeroizing::new(STANDARD.encode(&self.material.secret))),
            checksum: self.material.checksum(),
        };
        // Large enough from the start, so that no copy is left behind by growing.
        let mut text = Zeroizing::new(Vec::with_capacity(1024));
        serde_json::to_writer_pretty(&mut *text, &form).expect("a key file's members are plain text and numbers");
        text.push(b'\n');
        text
    }

    pub(super) fn parse(name: &str, text: &[u8]) -> Result<Self, KeyFaultReason> {
        let form: KeyFile = serde_json::from_slice(text).map_err(|error| reason_of(&error))?;
        let key_use: KeyUse = form.key_use.parse().map_err(|_| KeyFaultReason::Member { line: 0, column: 0 })?;
        let expected = file_name(key_use, form.version);
        if name != expected {
            return Err(KeyFaultReason::Misnamed(expected));
        }
        let secret = STANDARD.decode(form.material.0.as_bytes()).map_err(|_| KeyFaultReason::Material)?;
        let material = Material::parse(key_use, Zeroizing::new(secret))?;
        if material.checksum() != form.checksum {
            return Err(KeyFaultReason::Damaged);
        }
        Ok(Self {
            key_use,
            version: form.version,
            state: form.state,
            created: form.created,
            since: form.since,
            demo: form.demo,
            material: Arc::new(material),
        })
    }
}

pub(super) fn file_name(key_use: KeyUse, version: u32) -> String {
    format!("{key_use}-{version}.json")
}

/// Only where the fault is: serde's own words quote what they met, which may be the material.
fn reason_of(error: &serde_json::Error) -> KeyFaultReason {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Eof => KeyFaultReason::Truncated,
        serde_json::error::Category::Data => KeyFaultReason::Member { line, column },
        _ => KeyFaultReason::Json { line, column },
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    #[serde(rename = "use")]
    key_use: String,
    #[serde(deserialize_with = "positive")]
    version: u32,
    state: KeyState,
    created: Instant,
    since: Instant,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    demo: bool,
    material: Secret,
    checksum: String,
}

fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(D::Error::custom("versions begin at 1")),
        version => Ok(version),
    }
}

struct Secret(Zeroizing<String>);

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}
