//! How a device signs a request: a compact JWS (RFC 7515) of type `dancu-device+jwt` in
//! `Authorization: Device …`, bound to the method, the path and the body. Pure: app and service use
//! the same.

use serde::{Deserialize, Serialize};

use super::model::Decision;
use crate::crypto::digest::sha256;
use crate::crypto::jose::{Audience, JwtFault, NumericDate, Signer, jwt};
use crate::kernel::{Instant, TransactionId};

/// `typ` of a signed request.
pub const TYPE: &str = "dancu-device+jwt";
/// The scheme of the `Authorization` field.
pub const SCHEME: &str = "Device";

/// What a device signs of each request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer of this service, as one text.
    pub aud: Audience,
    /// The method.
    pub htm: String,
    /// The path, without the query.
    pub htp: String,
    /// SHA-256 of the body in base64url; of no bytes if there is none.
    pub bsh: String,
    pub iat: NumericDate,
    /// Used once.
    pub jti: String,
    /// The decision, where the request is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalClaim>,
}

/// A decision on one request for approval; with the rest of the claims, what the device signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalClaim {
    pub transaction: TransactionId,
    /// SHA-256 of the statement's text in base64url.
    pub statement: String,
    /// As the citizen typed them; absent where they reject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<String>,
    pub decision: Decision,
}

/// A request about to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Unsigned<'a> {
    pub issuer: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub body: &'a [u8],
}

impl Unsigned<'_> {
    /// The value of the `Authorization` field.
    pub fn sign(
        self,
        signer: &Signer,
        now: Instant,
        jti: TransactionId,
        approval: Option<ApprovalClaim>,
    ) -> Result<String, JwtFault> {
        let claims = Claims {
            aud: Audience::One(self.issuer.to_owned()),
            htm: self.method.to_owned(),
            htp: self.path.to_owned(),
            bsh: base64url(&sha256(&[self.body])),
            iat: NumericDate(now),
            jti: jti.to_string(),
            approval,
        };
        Ok(format!("{SCHEME} {}", jwt::sign(signer, &claims)?))
    }
}

/// A digest as claims carry it.
pub fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
