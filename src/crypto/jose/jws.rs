//! Compact JSON Web Signatures (RFC 7515).
//!
//! The algorithm belongs to the key, never to the token: a token that names another one is refused
//! before any signature is computed. What a token says is given out only once it is verified,
//! except for what is needed to find the key, and that under a name that says so.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

use super::base64url;
use super::jwk::{PublicJwk, algorithm_name};
use super::unique::is_object_of_unique_members;
use crate::crypto::{Algorithm, SigningKey, VerifyingKey};

/// Longer tokens are refused unread, whatever the caller allows.
pub const TOKEN_LIMIT: usize = 16 * 1024;
const HEADER_LIMIT: usize = 4 * 1024;
const SIGNATURE_BYTES: usize = 64;

/// Why a text is no signature that can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwsFault {
    #[error("the token is longer than allowed")]
    TooLong,
    #[error("not three parts of canonical base64url with a header of unique members")]
    Malformed,
    #[error("the algorithm is unknown or not the key's")]
    Algorithm,
    #[error("the header demands an extension (`crit`)")]
    Critical,
    #[error("the token is of another type")]
    Type,
    #[error("the signature does not verify")]
    Signature,
}

/// The protected header. Members that are not understood are ignored (RFC 7515 section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
    pub typ: Option<String>,
    /// A key the token brings along: proves possession (DPoP), never who someone is.
    pub jwk: Option<PublicJwk>,
}

#[derive(Deserialize)]
struct WireHeader<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    kid: Option<String>,
    typ: Option<String>,
    jwk: Option<PublicJwk>,
    #[serde(default)]
    crit: Present,
}

/// Whether a member is there, `null` included.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, JwsFault> {
        if !is_object_of_unique_members(json) {
            return Err(JwsFault::Malformed);
        }
        let wire: WireHeader<'_> = serde_json::from_slice(json).map_err(|_| JwsFault::Malformed)?;
        if wire.crit.0 {
            return Err(JwsFault::Critical);
        }
        let algorithm = [Algorithm::P256, Algorithm::Ed25519].into_iter().find(|a| algorithm_name(*a) == wire.alg);
        Ok(Self { algorithm: algorithm.ok_or(JwsFault::Algorithm)?, kid: wire.kid, typ: wire.typ, jwk: wire.jwk })
    }
}

/// What the caller demands of `typ`. Media types are compared without case and without
/// `application/` (RFC 7515 section 4.1.9).
#[derive(Debug, Clone, Copy)]
pub enum Typ<'a> {
    /// Must be there and be this, e.g. `at+jwt`, `dpop+jwt`.
    Exactly(&'a str),
    /// May be absent.
    AbsentOr(&'a str),
    Any,
}

impl Typ<'_> {
    fn allows(self, typ: Option<&str>) -> bool {
        match (self, typ) {
            (Self::Any, _) | (Self::AbsentOr(_), None) => true,
            (Self::Exactly(_), None) => false,
            (Self::Exactly(wanted) | Self::AbsentOr(wanted), Some(typ)) => {
                let bare = match typ.split_at_checked("application/".len()) {
                    Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
                    _ => typ,
                };
                bare.eq_ignore_ascii_case(wanted)
            }
        }
    }
}

/// A well-formed token whose signature nobody has looked at.
#[derive(Debug)]
pub struct Unverified<'a> {
    header: Header,
    signed: &'a str,
    payload: Vec<u8>,
    signature: [u8; SIGNATURE_BYTES],
}

impl<'a> Unverified<'a> {
    /// Reads a token of at most `limit` bytes.
    pub fn parse(token: &'a str, limit: usize) -> Result<Self, JwsFault> {
        if token.len() > limit.min(TOKEN_LIMIT) {
            return Err(JwsFault::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsFault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsFault::Malformed)?;
        if header.len() > HEADER_LIMIT {
            return Err(JwsFault::TooLong);
        }
        let header = Header::parse(&base64url::decode(header).ok_or(JwsFault::Malformed)?)?;
        let payload = base64url::decode(payload).ok_or(JwsFault::Malformed)?;
        let signature = base64url::decode_array(signature).ok_or(JwsFault::Malformed)?;
        Ok(Self { header, signed, payload, signature })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the token claims, believed by nobody yet: only to find the key to verify it with.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload, if `key` signed it and its type is the one asked for.
    pub fn verify(self, key: &VerifyingKey, typ: Typ<'_>) -> Result<Vec<u8>, JwsFault> {
        if self.header.algorithm != key.algorithm() {
            return Err(JwsFault::Algorithm);
        }
        if !typ.allows(self.header.typ.as_deref()) {
            return Err(JwsFault::Type);
        }
        key.verify(self.signed.as_bytes(), &self.signature).map_err(|_| JwsFault::Signature)?;
        Ok(self.payload)
    }
}

/// Signs payloads under one header.
#[derive(Debug, Clone)]
pub struct Signer {
    key: SigningKey,
    /// Encoded once, with the dot behind it.
    header: String,
}

impl Signer {
    pub fn new(key: SigningKey, kid: Option<&str>, typ: Option<&str>) -> Self {
        Self::of(key, kid, typ, None)
    }

    /// With the public key in the header, as proofs of possession carry it (RFC 9449).
    pub fn with_embedded_key(key: SigningKey, typ: &str) -> Self {
        let jwk = PublicJwk { key: key.verifying_key(), kid: None };
        Self::of(key, None, Some(typ), Some(&jwk))
    }

    fn of(key: SigningKey, kid: Option<&str>, typ: Option<&str>, jwk: Option<&PublicJwk>) -> Self {
        #[derive(Serialize)]
        struct Written<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            typ: Option<&'a str>,
            alg: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            kid: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            jwk: Option<&'a PublicJwk>,
        }
        let written = Written { typ, alg: algorithm_name(key.algorithm()), kid, jwk };
        let json = serde_json::to_vec(&written).expect("a header's members are plain text");
        let mut header = base64url::encode(&json);
        header.push('.');
        Self { key, header }
    }

    /// The token in compact form.
    pub fn sign(&self, payload: &[u8]) -> String {
        let mut token = String::with_capacity(self.header.len() + payload.len().div_ceil(3) * 4 + 88);
        token.push_str(&self.header);
        base64url::append(payload, &mut token);
        let signature = self.key.sign(token.as_bytes());
        token.push('.');
        base64url::append(&signature, &mut token);
        token
    }
}
