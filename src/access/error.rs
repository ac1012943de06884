//! Why a grant was refused.

use crate::clients::RegistryBehind;
use crate::crypto::jose::ClaimFault;
use crate::storage::StorageError;

use super::dpop::ProofFault;

/// One variant per decision a client can take; the mapping to RFC 6749's codes is in `api/error.rs`.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    #[error("the grant type is missing")]
    GrantMissing,
    #[error("the grant type is not supported")]
    GrantUnsupported,
    #[error("more than one way of client authentication")]
    SeveralMethods,
    /// Nothing more is said to somebody who has not proven who they are.
    #[error("the client is not authenticated")]
    Unauthenticated,
    /// The signature was the client's own, so it may know what was wrong.
    #[error("the client's assertion is refused")]
    Assertion(#[from] AssertionFault),
    /// Told only to who has proven to be the client.
    #[error("operators have stopped the client")]
    ClientStopped,
    /// The code or token stays good for when it is started again.
    #[error("operators have stopped the procedure that the citizen approved")]
    ProcedureStopped,
    #[error("the client's agreement is not in force")]
    NotInForce,
    #[error("the client may not have plain bearer tokens")]
    BearerNotAgreed,
    #[error("the agreement does not cover this grant")]
    GrantNotAgreed,
    #[error("a DPoP proof is needed")]
    ProofMissing,
    #[error("the DPoP proof is refused")]
    Proof(#[from] ProofFault),
    #[error("a parameter is missing or malformed: {0}")]
    Parameter(&'static str),
    /// The code, refresh token or backchannel request is not good (RFC 6749 section 5.2).
    #[error("the grant is not good: {0}")]
    Invalid(&'static str),
    /// The citizen has not decided yet (OpenID Connect CIBA section 11).
    #[error("the citizen has not decided yet")]
    Pending,
    #[error("the client polls more often than it was told")]
    SlowDown,
    #[error("the backchannel request is over")]
    Expired,
    #[error("the citizen refused")]
    Refused,
    #[error("the scope is unknown, malformed or beyond the agreement")]
    Scope,
    #[error(transparent)]
    RegistryBehind(#[from] RegistryBehind),
    #[error("a token cannot be made")]
    Issue,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What is wrong with an assertion that its client did sign (RFC 7523 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionFault {
    #[error(transparent)]
    Claim(#[from] ClaimFault),
    #[error("the assertion was used before")]
    Replayed,
}
