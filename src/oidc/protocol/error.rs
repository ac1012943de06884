//! Why an authorization request is refused (RFC 6749 section 4.1.2.1, OpenID Connect Core section
//! 3.1.2.6, RFC 9396 section 5, RFC 9101 section 7).

/// The code of its RFC, and a description in ASCII without any input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct AuthorizationError {
    pub code: &'static str,
    pub description: &'static str,
}

impl AuthorizationError {
    pub const fn new(code: &'static str, description: &'static str) -> Self {
        Self { code, description }
    }

    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }

    pub const ACCESS_DENIED: Self = Self::new("access_denied", "the citizen did not approve");
    pub const EXPIRED: Self = Self::new("access_denied", "the citizen did not decide in time");
    pub const CANCELLED: Self = Self::new("access_denied", "the citizen turned back");
    pub const LEVEL: Self = Self::new(
        "unmet_authentication_requirements",
        "no level that was asked for can be reached under the agreement",
    );
    pub const NOT_AGREED: Self = Self::new("unauthorized_client", "the client's agreement does not cover this");
    pub const NOT_IN_FORCE: Self = Self::new("unauthorized_client", "the client's agreement is not in force");
    pub const TOO_MANY: Self =
        Self::new("temporarily_unavailable", "too many sign-ins are begun; come again in a minute");
    pub const SCOPE: Self =
        Self::new("invalid_scope", "the scope is unknown, malformed or beyond the agreement, or openid is missing");
    pub const DETAILS: Self = Self::new(
        "invalid_authorization_details",
        "one population_data with procedure, legal_basis, attributes and period_days, all under the agreement",
    );
}
