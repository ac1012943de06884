//! ID tokens (OpenID Connect Core section 2): how the citizen was recognised, and nothing about them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::crypto::digest::sha256;
use crate::crypto::jose::NumericDate;

#[derive(Debug, Serialize)]
pub struct IdToken<'a> {
    pub iss: &'a str,
    /// What the client calls the citizen.
    pub sub: &'a str,
    pub aud: &'a str,
    pub iat: NumericDate,
    pub exp: NumericDate,
    pub auth_time: NumericDate,
    pub acr: &'a str,
    /// RFC 8176.
    pub amr: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<&'a str>,
    pub at_hash: String,
}

/// What is read of an ID token that comes back at logout.
#[derive(Debug, Deserialize)]
pub struct LogoutHint {
    pub iss: String,
    pub sub: String,
    pub aud: String,
}

/// `at_hash`: the left half of the access token's SHA-256 (section 3.1.3.6).
pub fn access_token_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&sha256(&[access_token.as_bytes()])[..16])
}
