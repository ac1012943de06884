//! From a QR's text to a verdict, with nothing but the issuer's public keys.

use super::{CwtClaims, CwtFault, EnvelopeFault, unpack};
use crate::crypto::VerifyingKey;
use crate::crypto::cose::{CoseFault, Countersignature, Sign1, read_holder_key};
use crate::kernel::Instant;

/// A reader's clock may be this many seconds behind the issuer's. The end has no such grace: it is
/// what makes a short life short.
const SKEW_SECONDS: i64 = 30;
/// A holder's signature is of this moment: longer ago it may be of another showing.
const HOLDER_SECONDS: i64 = 60;

/// One issuer and the keys it signs credentials with.
#[derive(Debug, Clone)]
pub struct TrustedIssuer {
    /// The `iss` its credentials carry.
    pub issuer: String,
    /// Key ids and keys, retired ones that may still have signed something included.
    pub keys: Vec<(Vec<u8>, VerifyingKey)>,
}

/// What a signed credential is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialStatus {
    Valid,
    Expired,
    NotYetValid,
    /// Revoked by its issuer; told by the status list, which the caller looks up.
    Revoked,
    /// A dynamic credential shown before; told by the store, which only the service has.
    Replayed,
    /// Meant for another reader.
    WrongAudience,
    /// Bound to a holder's key, and shown without a signature of it.
    HolderProofMissing,
    /// The holder's signature is not by the key it is bound to, or for another reader, moment or nonce.
    HolderProofInvalid,
    /// No trusted key has its key id, or its issuer is another than the key's.
    UnknownIssuer,
    BadSignature,
}

/// The text is no credential at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACredential {
    #[error(transparent)]
    Envelope(#[from] EnvelopeFault),
    #[error(transparent)]
    Cose(#[from] CoseFault),
    #[error(transparent)]
    Claims(#[from] CwtFault),
}

/// What was read, and what it is worth. `claims` are present only under a good signature of a
/// trusted key: nothing else is worth repeating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub status: CredentialStatus,
    pub claims: Option<CwtClaims>,
    /// Where its holder signed, and rightly: over which nonce.
    pub holder: Option<HolderProof>,
}

/// The holder's key signed this very showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderProof {
    pub nonce: Option<String>,
}

impl Verdict {
    const fn without_claims(status: CredentialStatus) -> Self {
        Self { status, claims: None, holder: None }
    }

    /// Whether the credential can be shown by its holder alone.
    pub fn is_bound(&self) -> bool {
        self.claims.as_ref().is_some_and(|claims| claims.confirmation.is_some())
    }

    /// The same where the reader has asked for a nonce: of a credential that is bound to its holder's
    /// key, no other is good.
    #[must_use]
    pub fn expecting(self, nonce: Option<&str>) -> Self {
        let other = self.holder.as_ref().is_some_and(|holder| nonce.is_some() && holder.nonce.as_deref() != nonce);
        if other { Self { status: CredentialStatus::HolderProofInvalid, holder: None, ..self } } else { self }
    }
}

/// Verifies signature, issuer, times, audience, and of a credential that is bound to its holder's key that
/// the holder signed this showing. Not looked at here: the status list, replay, and the nonce (see
/// [`Verdict::expecting`]).
///
/// `reader` is who reads: a credential with an audience is for that reader alone.
///
/// # Errors
/// If the text is no credential: see [`NotACredential`].
pub fn verify(
    text: &str,
    issuers: &[TrustedIssuer],
    reader: Option<&str>,
    now: Instant,
) -> Result<Verdict, NotACredential> {
    let bytes = unpack(text)?;
    let signed = Sign1::read(&bytes)?;
    let by_key_id = issuers.iter().find_map(|trusted| {
        let (_, key) = trusted.keys.iter().find(|(kid, _)| signed.kid == Some(kid.as_slice()))?;
        Some((trusted, key))
    });
    let Some((trusted, key)) = by_key_id else {
        return Ok(Verdict::without_claims(CredentialStatus::UnknownIssuer));
    };
    if signed.verify(key).is_err() {
        return Ok(Verdict::without_claims(CredentialStatus::BadSignature));
    }
    let claims = CwtClaims::read(signed.payload)?;
    if claims.issuer.as_deref() != Some(trusted.issuer.as_str()) {
        return Ok(Verdict::without_claims(CredentialStatus::UnknownIssuer));
    }
    let status = in_time(&claims, now).unwrap_or_else(|| match (claims.audience.as_deref(), reader) {
        (Some(audience), Some(reader)) if audience != reader => CredentialStatus::WrongAudience,
        (Some(_), None) => CredentialStatus::WrongAudience,
        _ => CredentialStatus::Valid,
    });
    let (status, holder) = match (status, &claims.confirmation) {
        (CredentialStatus::Valid, Some(key)) => match proven(&signed, key, &claims, now) {
            Ok(holder) => (status, Some(holder)),
            Err(fault) => (fault, None),
        },
        _ => (status, None),
    };
    Ok(Verdict { status, claims: Some(claims), holder })
}

/// That the holder's key signed over this credential, for its audience, a moment ago.
fn proven(signed: &Sign1<'_>, key: &[u8], claims: &CwtClaims, now: Instant) -> Result<HolderProof, CredentialStatus> {
    let invalid = CredentialStatus::HolderProofInvalid;
    let proof = Countersignature::of(signed).map_err(|_| invalid)?.ok_or(CredentialStatus::HolderProofMissing)?;
    let key = read_holder_key(key).map_err(|_| invalid)?;
    proof.verify(signed, &key).map_err(|_| invalid)?;
    let age = now.as_seconds() - proof.claims.at.as_seconds();
    let fits = claims.audience.as_deref() == Some(proof.claims.audience.as_str())
        && (-SKEW_SECONDS..=HOLDER_SECONDS).contains(&age);
    if fits { Ok(HolderProof { nonce: proof.claims.nonce }) } else { Err(invalid) }
}

/// `None` if `now` lies within the credential's time. A credential without an end never is.
fn in_time(claims: &CwtClaims, now: Instant) -> Option<CredentialStatus> {
    let now = now.as_seconds();
    if claims.expires.is_none_or(|end| now >= end.as_seconds()) {
        return Some(CredentialStatus::Expired);
    }
    let start = claims.not_before.or(claims.issued)?;
    (now < start.as_seconds() - SKEW_SECONDS).then_some(CredentialStatus::NotYetValid)
}
