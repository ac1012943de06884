//! COSE_Sign1 (RFC 9052 section 4.2) with Ed25519, its countersignature (RFC 9338), and the COSE form of
//! public keys (RFC 9053).
//!
//! Read strictly: definite lengths only, no duplicate labels, no critical headers, no bytes left
//! over, one algorithm. Written deterministically (RFC 8949 section 4.2.1).

mod countersign;
mod key;
mod sign1;
pub mod strict;

pub use countersign::{Countersignature, Countersigned, countersigned};
pub use key::{cose_key, cose_key_set, holder_key, read_holder_key, read_key_set};
pub use sign1::{Sign1, sign, sign_typed};

/// Why bytes are not an acceptable COSE object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CoseFault {
    /// Not well-formed, or not in the strict form Dancu reads.
    #[error("not a strict COSE object")]
    Malformed,
    /// A map holds a label twice (RFC 9052 section 3: not well-formed).
    #[error("a map holds a label twice")]
    DuplicateLabel,
    /// A header is marked critical; Dancu knows none (RFC 9052 section 3.1).
    #[error("an unknown header is critical")]
    CriticalHeader,
    /// Another algorithm than EdDSA, or none under protection.
    #[error("the algorithm is not EdDSA")]
    Algorithm,
}

impl From<minicbor::decode::Error> for CoseFault {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}
