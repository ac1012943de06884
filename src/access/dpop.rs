//! Proofs that a token's holder also holds its key (DPoP, RFC 9449), and the nonces they bear.
//!
//! A nonce is a time and an HMAC over it: any replica knows it again, none stores it. It comes with
//! every answer of the token and PAR endpoints, so that a client has one before it needs one.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::service::Access;
use crate::crypto::digest::sha256;
use crate::crypto::jose::{NumericDate, Typ, Unverified, jwt};
use crate::crypto::{KeyUse, mac};
use crate::kernel::Instant;
use crate::storage::StorageError;

const LONGEST_PROOF: usize = 4 * 1024;
const LONGEST_JTI: usize = 256;
const TYPE: &str = "dpop+jwt";
const LABEL: &str = "dpop_nonce";
/// How long ago a proof may have been made, and how far ahead its clock may run.
const OLDEST: Duration = Duration::from_secs(60);
const SKEW: Duration = Duration::from_secs(10);
/// How long a nonce is good.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);
const NONCE_TAG: usize = 16;

/// What a proof must be about.
#[derive(Debug, Clone, Copy)]
pub struct ProofTarget<'a> {
    pub method: &'a str,
    /// The path at the issuer, e.g. `/oauth2/token`.
    pub path: &'a str,
    /// The token it accompanies.
    pub access_token: Option<&'a str>,
    /// Whether it must bear a nonce; one that it bears is checked in any case.
    pub nonce_needed: bool,
}

/// The RFC 7638 thumbprint of a proof's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbprint(String);

impl Thumbprint {
    /// Reads a thumbprint: 43 characters of base64url, as SHA-256 has it.
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok();
        shaped.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is wrong with a proof (RFC 9449 section 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    #[error("more than one DPoP header")]
    Several,
    #[error("the proof is not a JWT of type dpop+jwt, signed with ES256 or EdDSA by the public key in its header")]
    Malformed,
    #[error("the proof's signature does not verify")]
    Signature,
    #[error("htm is another method")]
    Method,
    #[error("htu is another address")]
    Uri,
    #[error("iat is too old or lies ahead")]
    Time,
    #[error("ath is missing or of another token")]
    AccessToken,
    #[error("the proof was used before")]
    Replayed,
    #[error("the proof's key is not the one the token or code is bound to")]
    OtherKey,
    #[error("the proof needs a nonce of this server")]
    NonceNeeded,
    #[error("the nonce is not of this server, or too old")]
    NonceStale,
}

/// Why a proof is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error(transparent)]
    Fault(#[from] ProofFault),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: NumericDate,
    ath: Option<String>,
    nonce: Option<String>,
}

impl Access {
    /// A nonce for the next proof.
    pub fn dpop_nonce(&self) -> String {
        let time = self.clock.now().as_micros().to_be_bytes();
        let (_, key) = self.keyring.active_index_key(LABEL);
        let tag = key.tag(&[&time]);
        URL_SAFE_NO_PAD.encode([&time[..], &tag[..NONCE_TAG]].concat())
    }

    /// The key that a proof shows to be held; the proof is spent by this.
    pub async fn prove(&self, proof: &str, target: &ProofTarget<'_>) -> Result<Thumbprint, ProofError> {
        let now = self.clock.now();
        let (key, claims) = read(proof)?;
        if claims.htm != target.method {
            return Err(ProofFault::Method.into());
        }
        if !same_address(&claims.htu, &self.config.issuer, target.path) {
            return Err(ProofFault::Uri.into());
        }
        if claims.iat.0 > now.plus(SKEW) || claims.iat.0 < now.minus(OLDEST + SKEW) {
            return Err(ProofFault::Time.into());
        }
        if let Some(token) = target.access_token {
            let hash = URL_SAFE_NO_PAD.encode(sha256(&[token.as_bytes()]));
            if claims.ath.as_deref() != Some(&hash) {
                return Err(ProofFault::AccessToken.into());
            }
        }
        match claims.nonce.as_deref() {
            Some(nonce) if !self.is_own_nonce(nonce, now) => return Err(ProofFault::NonceStale.into()),
            None if target.nonce_needed => return Err(ProofFault::NonceNeeded.into()),
            _ => {}
        }
        let digest = sha256(&[b"dpop proof\0", key.0.as_bytes(), b"\0", claims.jti.as_bytes()]);
        let until = claims.iat.0.plus(OLDEST + SKEW + SKEW);
        if self.spend_once(digest, until).await? { Ok(key) } else { Err(ProofFault::Replayed.into()) }
    }

    fn is_own_nonce(&self, nonce: &str, now: Instant) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(nonce) else { return false };
        let Some((time, tag)) = bytes.split_first_chunk::<8>() else { return false };
        let given = Instant::from_micros(i64::from_be_bytes(*time));
        let ours = self.keyring.versions(KeyUse::Index).into_iter().any(|version| {
            let key = self.keyring.index_key(LABEL, version);
            key.is_some_and(|key| mac::equal(&key.tag(&[time])[..NONCE_TAG], tag))
        });
        ours && given <= now.plus(SKEW) && now.since(given) <= NONCE_LIFETIME
    }
}

/// The proof's key and claims, its signature verified.
fn read(proof: &str) -> Result<(Thumbprint, Claims), ProofFault> {
    let token = Unverified::parse(proof, LONGEST_PROOF).map_err(|_| ProofFault::Malformed)?;
    let jwk = token.header().jwk.clone().ok_or(ProofFault::Malformed)?;
    let claims: Claims = jwt::verify(token, &jwk.key, Typ::Exactly(TYPE)).map_err(|fault| match fault {
        jwt::JwtFault::Signature(crate::crypto::jose::JwsFault::Signature) => ProofFault::Signature,
        _ => ProofFault::Malformed,
    })?;
    if !(1..=LONGEST_JTI).contains(&claims.jti.len()) {
        return Err(ProofFault::Malformed);
    }
    Ok((Thumbprint(jwk.thumbprint()), claims))
}

/// Whether `uri` is `path` at the issuer, query and fragment apart (RFC 9449 section 4.3 point 9).
fn same_address(uri: &str, issuer: &str, path: &str) -> bool {
    let bare = uri.split(['?', '#']).next().unwrap_or_default();
    let (Some((base, given)), Some((own, prefix))) = (origin_of(bare), origin_of(issuer)) else { return false };
    base == own && given.strip_prefix(prefix) == Some(path)
}

/// Scheme and authority in lower case and without the scheme's usual port; and the path.
fn origin_of(uri: &str) -> Option<(String, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(usual).unwrap_or(&authority);
    Some((format!("{scheme}://{authority}"), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_without_query_fragment_and_usual_port() {
        let issuer = "https://dancu.test";
        for same in [
            "https://dancu.test/oauth2/token",
            "HTTPS://DANCU.test:443/oauth2/token",
            "https://dancu.test/oauth2/token?x=1#y",
        ] {
            assert!(same_address(same, issuer, "/oauth2/token"), "{same}");
        }
        for other in [
            "http://dancu.test/oauth2/token",
            "https://dancu.test/oauth2/token/",
            "https://dancu.test:8443/oauth2/token",
            "https://evil.test/oauth2/token",
            "/oauth2/token",
            "",
        ] {
            assert!(!same_address(other, issuer, "/oauth2/token"), "{other}");
        }
        assert!(same_address("https://a.vn/id/oauth2/token", "https://a.vn/id", "/oauth2/token"));
    }

    #[test]
    fn thumbprints_are_those_of_sha_256() {
        assert!(Thumbprint::parse("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I").is_some());
        for bad in ["", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4", "0ZcOCORZNYy+DWpqq30jZyJGHTN0d2HglBV3uiguA4I"] {
            assert!(Thumbprint::parse(bad).is_none(), "{bad}");
        }
    }
}
