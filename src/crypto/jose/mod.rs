//! JSON Web Keys, Signatures and Tokens (RFC 7515, 7517, 7519, 7638, 8037), over the two signature
//! algorithms this service knows: ES256 and EdDSA with Ed25519.

mod base64url;
pub mod claims;
pub mod jwk;
pub mod jws;
pub mod jwt;
mod unique;
#[cfg(test)]
mod tests;

pub use claims::{Audience, AudienceRule, ClaimFault, Expected, NumericDate, RegisteredClaims};
pub use jwk::{JwkFault, JwkSet, PrivateJwk, PublicJwk};
pub use jws::{Header, JwsFault, Signer, Typ, Unverified};
pub use jwt::JwtFault;
