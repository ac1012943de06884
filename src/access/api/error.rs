//! From a refused grant to the error of its RFC (RFC 6749 section 5.2).

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};

use crate::access::{AssertionFault, FormFault, GrantError};
use crate::crypto::jose::ClaimFault;
use crate::http::OauthError;
use crate::storage::StorageError;

impl From<GrantError> for OauthError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Form(fault) => Self::invalid_request(form_fault(fault)),
            GrantError::GrantMissing => Self::invalid_request("grant_type is missing"),
            GrantError::SeveralMethods => Self::invalid_request("more than one way of client authentication"),
            GrantError::Unauthenticated => Self::invalid_client("the client is not authenticated"),
            GrantError::Assertion(fault) => Self::invalid_client(assertion_fault(fault)),
            GrantError::GrantUnsupported => refused("unsupported_grant_type", "the grant type is not supported"),
            GrantError::NotInForce => refused("unauthorized_client", "the client's agreement is not in force"),
            GrantError::BearerNotAgreed => {
                refused("unauthorized_client", "the client's agreement does not allow plain bearer tokens")
            }
            GrantError::Scope => refused("invalid_scope", "the scope is unknown, malformed or beyond the agreement"),
            GrantError::RegistryBehind => unavailable(),
            GrantError::Issue => server_error("a token cannot be made"),
            GrantError::Storage(error) => storage(&error),
        }
    }
}

fn refused(error: &'static str, description: &'static str) -> OauthError {
    OauthError::new(StatusCode::BAD_REQUEST, error, description)
}

fn unavailable() -> OauthError {
    OauthError::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "come again in a moment")
        .with_header(RETRY_AFTER, HeaderValue::from_static("1"))
}

fn server_error(description: &'static str) -> OauthError {
    OauthError::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", description)
}

fn storage(error: &StorageError) -> OauthError {
    tracing::error!(%error, "a token request met a fault of the store");
    match error {
        StorageError::Unavailable(_) | StorageError::Conflict(_) => unavailable(),
        StorageError::Inconsistent { .. } | StorageError::Other(_) => server_error("a fault of the service"),
    }
}

const fn form_fault(fault: FormFault) -> &'static str {
    match fault {
        FormFault::Repeated => "a parameter is repeated",
        FormFault::TooMany => "too many parameters",
        FormFault::NotUtf8 => "the parameters are not UTF-8",
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
