//! From a refused grant to the error of its RFC (RFC 6749 section 5.2).

use actix_web::http::StatusCode;

use crate::access::{AssertionFault, GrantError, ProofFault};
use crate::crypto::jose::ClaimFault;
use crate::http::{CONTACT_PATH, OauthError};

impl From<GrantError> for OauthError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::GrantMissing => Self::invalid_request("grant_type is missing"),
            GrantError::SeveralMethods => Self::invalid_request("more than one way of client authentication"),
            GrantError::Unauthenticated => Self::invalid_client("the client is not authenticated"),
            GrantError::Assertion(fault) => Self::invalid_client(assertion_fault(fault)),
            GrantError::GrantUnsupported => refused("unsupported_grant_type", "the grant type is not supported"),
            GrantError::ClientStopped => {
                refused("unauthorized_client", "the operators have stopped the client; error_uri names whom to call")
                    .with_uri(CONTACT_PATH)
            }
            GrantError::ProcedureStopped => refused(
                "unauthorized_client",
                "the operators have stopped the procedure that was approved; error_uri names whom to call",
            )
            .with_uri(CONTACT_PATH),
            GrantError::NotInForce => refused("unauthorized_client", "the client's agreement is not in force"),
            GrantError::BearerNotAgreed => {
                refused("unauthorized_client", "the client's agreement does not allow plain bearer tokens")
            }
            GrantError::Scope => refused("invalid_scope", "the scope is unknown, malformed or beyond the agreement"),
            GrantError::GrantNotAgreed => refused("unauthorized_client", "the client's agreement does not cover this"),
            GrantError::ProofMissing => refused("invalid_dpop_proof", "a DPoP proof is needed"),
            GrantError::Proof(fault) => proof_fault(fault),
            GrantError::Parameter(description) => Self::invalid_request(description),
            GrantError::Invalid(description) => refused("invalid_grant", description),
            GrantError::Pending => refused("authorization_pending", "the citizen has not decided yet"),
            GrantError::SlowDown => refused("slow_down", "five seconds more between polls"),
            GrantError::Expired => refused("expired_token", "the request is over"),
            GrantError::Refused => refused("access_denied", "the citizen refused"),
            GrantError::RegistryBehind(behind) => Self::unavailable().because(&behind),
            GrantError::Issue => Self::server_error("a token cannot be made").because(&error),
            GrantError::Storage(error) => error.into(),
        }
    }
}

fn refused(error: &'static str, description: &'static str) -> OauthError {
    OauthError::new(StatusCode::BAD_REQUEST, error, description)
}

fn proof_fault(fault: ProofFault) -> OauthError {
    match fault {
        ProofFault::NonceNeeded | ProofFault::NonceStale => {
            refused("use_dpop_nonce", "the proof must bear the nonce of the DPoP-Nonce field")
        }
        ProofFault::Several => refused("invalid_dpop_proof", "one DPoP field, no more"),
        ProofFault::Malformed => refused(
            "invalid_dpop_proof",
            "the proof must be a dpop+jwt, signed with ES256 or EdDSA, with its public key in jwk and jti, htm, htu, iat",
        ),
        ProofFault::Signature => refused("invalid_dpop_proof", "the proof's signature does not verify"),
        ProofFault::Method => refused("invalid_dpop_proof", "htm must be the request's method"),
        ProofFault::Uri => refused("invalid_dpop_proof", "htu must be this endpoint at the issuer"),
        ProofFault::Time => refused("invalid_dpop_proof", "iat must be of this minute"),
        ProofFault::AccessToken => refused("invalid_dpop_proof", "ath must be the digest of the access token"),
        ProofFault::Replayed => refused("invalid_dpop_proof", "the proof's jti was used before"),
        ProofFault::OtherKey => refused("invalid_dpop_proof", "the key is not the one that was bound"),
    }
}

const fn assertion_fault(fault: AssertionFault) -> &'static str {
    match fault {
        AssertionFault::Replayed => "the assertion's jti was used before",
        AssertionFault::Claim(fault) => match fault {
            ClaimFault::Missing(_) => "a claim is missing: iss, sub, aud, exp and jti are required",
            ClaimFault::Issuer => "iss must be the client's id",
            ClaimFault::Subject => "sub must be the client's id",
            ClaimFault::Audience => "aud must be the issuer",
            ClaimFault::Expired => "the assertion has expired",
            ClaimFault::NotYet | ClaimFault::IssuedAhead => "the assertion lies in the future",
            ClaimFault::TooLongLived | ClaimFault::TooOld => "the assertion lives too long",
        },
    }
}
