//! Requests to the OAuth endpoints as they come: a form, and the two header fields that matter.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::form::{Form, FormFault};
use super::oauth_error::OauthError;

const LONGEST_BODY: usize = 16 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
const DPOP: HeaderName = HeaderName::from_static("dpop");
/// Where a server hands out nonces (RFC 9449 section 8.2).
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A form of a client to an OAuth endpoint. Handlers take it as an argument.
pub struct OauthCall {
    pub form: Form,
    pub authorization: Option<String>,
    /// The `DPoP` proof.
    pub proof: Option<String>,
}

impl OauthCall {
    /// The error as RFC 6749 section 5.2 has it: who tried by `Authorization` is told what it takes.
    pub fn refuse(&self, error: impl Into<OauthError>) -> OauthError {
        let error = error.into();
        if self.authorization.is_some() && error.code() == "invalid_client" {
            return error.with_header(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="dancu""#));
        }
        error
    }
}

impl FromRequest for OauthCall {
    type Error = OauthError;
    type Future = LocalBoxFuture<'static, Result<Self, OauthError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let head = head_of(request);
        let body = web::Payload::from_request(request, payload);
        Box::pin(async move {
            let (authorization, proof) = head?;
            let body = body.await.map_err(|_| OauthError::invalid_request("the body cannot be read"))?;
            let form = Form::parse(&body_of(body).await?).map_err(OauthError::from)?;
            Ok(Self { form, authorization, proof })
        })
    }
}

impl From<FormFault> for OauthError {
    fn from(fault: FormFault) -> Self {
        Self::invalid_request(match fault {
            FormFault::Repeated => "a parameter is repeated",
            FormFault::TooMany => "too many parameters",
            FormFault::NotUtf8 => "the parameters are not UTF-8",
        })
    }
}

fn head_of(request: &HttpRequest) -> Result<(Option<String>, Option<String>), OauthError> {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|field| field.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let authorization = one_of(request, &AUTHORIZATION)
        .map_err(|()| OauthError::invalid_request("one Authorization field of visible characters, no more"))?;
    let proof = one_of(request, &DPOP).map_err(|()| {
        let status = actix_web::http::StatusCode::BAD_REQUEST;
        OauthError::new(status, "invalid_dpop_proof", "one DPoP field of visible characters, no more")
    })?;
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok((authorization, proof))
    } else {
        Err(OauthError::invalid_request("the body must be application/x-www-form-urlencoded"))
    }
}

/// The one field of this name, if there is one.
fn one_of(request: &HttpRequest, name: &HeaderName) -> Result<Option<String>, ()> {
    let mut fields = request.headers().get_all(name);
    let Some(field) = fields.next() else { return Ok(None) };
    match (field.to_str(), fields.next()) {
        (Ok(text), None) => Ok(Some(text.to_owned())),
        _ => Err(()),
    }
}

async fn body_of(payload: web::Payload) -> Result<web::Bytes, OauthError> {
    match tokio::time::timeout(BODY_TIMEOUT, payload.to_bytes_limited(LONGEST_BODY)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(OauthError::invalid_request("the body cannot be read")),
        Ok(Err(_)) => Err(OauthError::invalid_request("the body is too long")),
        Err(_) => Err(OauthError::invalid_request("the body came too slowly")),
    }
}
