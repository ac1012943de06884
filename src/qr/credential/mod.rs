//! Dancu's signed QR credentials: a CWT (RFC 8392) with the MOSIP claim 169 map, in COSE_Sign1,
//! zlib (RFC 1950), base45 (RFC 9285).

mod base45;
mod claim169;
mod cwt;
mod deflate;
mod envelope;
mod residence;
mod verify;

pub use base45::is_base45;
pub use claim169::{Claim169, Gender, Marital, Portrait, PortraitFormat};
pub use cwt::{CwtClaims, CwtFault, StatusReference};
pub use envelope::{EnvelopeFault, MAX_TEXT, pack, unpack};
pub use residence::ResidenceClaim;

pub use verify::{CredentialStatus, HolderProof, NotACredential, TrustedIssuer, Verdict, verify};

#[cfg(test)]
mod tests;
