//! JSON Web Tokens (RFC 7519): signed claims.

use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned};

use super::jws::{JwsFault, Signer, Typ, Unverified};
use super::unique::is_object_of_unique_members;
use crate::crypto::VerifyingKey;

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtFault {
    #[error(transparent)]
    Signature(#[from] JwsFault),
    #[error("the claims are not a JSON object of the expected members, each once")]
    Claims,
}

/// The claims as `T`, if `key` signed them.
pub fn verify<T: DeserializeOwned>(token: Unverified<'_>, key: &VerifyingKey, typ: Typ<'_>) -> Result<T, JwtFault> {
    claims_of(&token.verify(key, typ)?)
}

/// What the token claims before its signature is looked at: only to find the key.
pub fn unverified_claims<'a, T: Deserialize<'a>>(token: &'a Unverified<'_>) -> Result<T, JwtFault> {
    claims_of(token.unverified_payload())
}

/// The claims as a signed token.
pub fn sign<T: Serialize>(signer: &Signer, claims: &T) -> Result<String, JwtFault> {
    let payload = serde_json::to_vec(claims).map_err(|_| JwtFault::Claims)?;
    Ok(signer.sign(&payload))
}

fn claims_of<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, JwtFault> {
    if !is_object_of_unique_members(payload) {
        return Err(JwtFault::Claims);
    }
    serde_json::from_slice(payload).map_err(|_| JwtFault::Claims)
}
