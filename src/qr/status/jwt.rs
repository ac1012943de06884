//! The list as a JWT (draft section 5.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{StatusBits, StatusListClaims, StatusListFault};
use crate::kernel::Instant;

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    iat: i64,
    exp: i64,
    #[serde(default)]
    ttl: u32,
    status_list: List,
}

#[derive(Serialize, Deserialize)]
struct List {
    bits: u8,
    lst: String,
}

/// The payload that is signed as JWS.
pub fn to_jwt_payload(claims: &StatusListClaims) -> String {
    let list = List { bits: 1, lst: URL_SAFE_NO_PAD.encode(claims.bits.compressed()) };
    let claims = Claims {
        sub: claims.uri.clone(),
        iat: claims.issued.as_seconds(),
        exp: claims.expires.as_seconds(),
        ttl: claims.ttl_seconds,
        status_list: list,
    };
    serde_json::to_string(&claims).unwrap_or_default()
}

/// Reads a payload whose signature has been verified.
pub fn read_jwt(payload: &[u8]) -> Result<StatusListClaims, StatusListFault> {
    let Claims { sub, iat, exp, ttl, status_list } =
        serde_json::from_slice(payload).map_err(|_| StatusListFault::Malformed)?;
    if status_list.bits != 1 {
        return Err(StatusListFault::Malformed);
    }
    let compressed = URL_SAFE_NO_PAD.decode(&status_list.lst).map_err(|_| StatusListFault::Malformed)?;
    Ok(StatusListClaims {
        uri: sub,
        issued: Instant::from_seconds(iat),
        expires: Instant::from_seconds(exp),
        ttl_seconds: ttl,
        bits: StatusBits::inflate(&compressed)?,
    })
}
