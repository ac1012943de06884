//! From what was refused to the error of its RFC, for endpoints that answer clients.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};

use crate::access::Credentials;
use crate::clients::Client;
use crate::http::{OauthCall, OauthError};
use crate::oidc::Oidc;
use crate::oidc::service::OidcError;

impl From<OidcError> for OauthError {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Refused(refused) => Self::new(StatusCode::BAD_REQUEST, refused.code, refused.description),
            OidcError::OverQuota => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                Self::new(status, "temporarily_unavailable", "more calls than the agreement allows")
                    .with_header(RETRY_AFTER, HeaderValue::from_static("60"))
            }
            OidcError::Over | OidcError::TooManyBrowsers => Self::invalid_request("the request is over"),
            OidcError::Storage(error) => error.into(),
            OidcError::Audit(error) => Self::unavailable().because(&error),
        }
    }
}

/// The client that calls.
pub async fn client_of(oidc: &Oidc, call: &OauthCall) -> Result<std::sync::Arc<Client>, OauthError> {
    let credentials = Credentials { form: &call.form, authorization: call.authorization.as_deref() };
    oidc.0.access.authenticate(&credentials).await.map_err(|error| call.refuse(error))
}
