//! Errors of the OAuth endpoints, which answer as their RFCs say (RFC 6749 section 5.2).

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::kernel::Causes;
use crate::storage::StorageError;

/// `{"error", "error_description"}`. The middleware leaves it as it is.
#[derive(Debug)]
pub struct OauthError {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
    uri: Option<&'static str>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

#[derive(Serialize)]
struct Body {
    error: &'static str,
    error_description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<&'static str>,
}

impl OauthError {
    /// `error` is a code of an RFC; `description` is ASCII prose without any input.
    pub const fn new(status: StatusCode, error: &'static str, description: &'static str) -> Self {
        Self { status, error, description, uri: None, headers: Vec::new(), cause: None }
    }

    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    pub const fn invalid_client(description: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description)
    }

    /// Names what tells more of the error, as a reference within this service.
    pub const fn with_uri(mut self, uri: &'static str) -> Self {
        self.uri = Some(uri);
        self
    }

    /// Adds a response header (challenge, nonce, retry).
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Keeps the causes for the log. They must hold no personal data.
    pub fn because(mut self, cause: &(dyn std::error::Error + 'static)) -> Self {
        self.cause = Some(Causes(cause).to_string());
        self
    }

    /// Who asks may come again in a moment (RFC 6749 section 4.1.2.1, RFC 9110 section 10.2.3).
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "come again in a moment")
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    pub const fn server_error(description: &'static str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", description)
    }

    /// What `because` noted.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    pub const fn code(&self) -> &'static str {
        self.error
    }
}

impl From<StorageError> for OauthError {
    fn from(error: StorageError) -> Self {
        let told = if error.is_passing() { Self::unavailable() } else { Self::server_error("a fault of the service") };
        told.because(&error)
    }
}

impl fmt::Display for OauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.description)
    }
}

impl std::error::Error for OauthError {}

impl ResponseError for OauthError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for (name, value) in &self.headers {
            response.append_header((name.clone(), value.clone()));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.json(Body { error: self.error, error_description: self.description, error_uri: self.uri })
    }
}
