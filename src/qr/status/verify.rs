//! A status list from somebody else: verified before it is believed.

use super::{JWT_TYPE, StatusListClaims, StatusListFault, read_cwt, read_jwt};
use crate::crypto::cose::Sign1;
use crate::crypto::jose::jws::TOKEN_LIMIT;
use crate::crypto::jose::{Typ, Unverified};
use crate::kernel::Instant;
use crate::qr::credential::{CwtClaims, TrustedIssuer};

/// Reads a list in either form, signed by a key of one of the issuers and not over.
///
/// # Errors
/// A list that cannot be used says nothing: treat the credential as of unknown status, never valid.
pub fn read_list(bytes: &[u8], issuers: &[TrustedIssuer], now: Instant) -> Result<StatusListClaims, StatusListFault> {
    let keys = || issuers.iter().flat_map(|issuer| &issuer.keys);
    let text = std::str::from_utf8(bytes).ok().map(str::trim).filter(|text| text.starts_with("ey"));
    let claims = if let Some(token) = text {
        let token = Unverified::parse(token, TOKEN_LIMIT).map_err(|_| StatusListFault::Malformed)?;
        let kid = token.header().kid.clone().unwrap_or_default();
        let (_, key) = keys().find(|(id, _)| *id == kid.as_bytes()).ok_or(StatusListFault::BadSignature)?;
        read_jwt(&token.verify(key, Typ::Exactly(JWT_TYPE)).map_err(|_| StatusListFault::BadSignature)?)?
    } else {
        let signed = Sign1::read(bytes)?;
        let (_, key) = keys().find(|(id, _)| signed.kid == Some(id.as_slice())).ok_or(StatusListFault::BadSignature)?;
        signed.verify(key).map_err(|_| StatusListFault::BadSignature)?;
        read_cwt(signed.payload)?
    };
    if now >= claims.expires { Err(StatusListFault::Expired) } else { Ok(claims) }
}

/// Whether the list revokes the credential; `Ok(false)` also for one that has no status reference.
///
/// # Errors
/// If the list is another than the credential names, was made before the credential, or has no such place.
pub fn is_revoked(credential: &CwtClaims, list: &StatusListClaims) -> Result<bool, StatusListFault> {
    match &credential.status {
        None => Ok(false),
        Some(reference) if reference.uri != list.uri => Err(StatusListFault::OtherList),
        Some(_) if credential.issued.is_some_and(|issued| issued > list.issued) => Err(StatusListFault::TooOld),
        Some(reference) => list.bits.is_revoked(reference.index),
    }
}
