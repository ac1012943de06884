//! `/oauth2/par`: pushed authorization requests (RFC 9126).

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use super::forms::PushedRequestForm;
use super::refusal::client_of;
use crate::access::{GrantError, ProofError, ProofTarget};
use crate::http::{Arrival, DPOP_NONCE, OauthCall, OauthError, release};
use crate::oidc::Oidc;
use crate::oidc::protocol::Parameters;

/// Where a pushed request waits.
#[derive(Serialize, utoipa::ToSchema)]
struct PushedRequest {
    #[schema(example = "urn:ietf:params:oauth:request_uri:…")]
    request_uri: String,
    /// Seconds from now.
    #[schema(example = 300)]
    expires_in: u64,
}

/// Keeps an authorization request until its citizen has approved it. The same parameters as at
/// `/oauth2/authorize`, and the client's authentication; `login_hint` (a personal number) is taken
/// here only. A `DPoP` proof or `dpop_jkt` binds the code.
#[utoipa::path(
    post,
    path = "/oauth2/par",
    tag = "oauth",
    request_body(content = PushedRequestForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, description = "The request is kept", body = PushedRequest),
        (status = 400, description = "The error of RFC 6749 section 4.1.2.1, RFC 9396 or RFC 9449"),
        (status = 401, description = "`invalid_client`"),
    )
)]
pub async fn push(oidc: Data<Oidc>, arrival: Arrival, call: OauthCall) -> HttpResponse {
    let pushed = kept(&oidc, &call).await;
    if call.form.get("login_hint").is_some() {
        // The time of the answer does not tell whether anybody has the number.
        release::negative(&arrival).await;
    }
    let mut response = match pushed {
        Ok(pushed) => HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(pushed),
        Err(error) => error.error_response(),
    };
    // Handed out before it is needed, so that the proof at the token endpoint costs no round trip.
    if let Ok(nonce) = HeaderValue::try_from(oidc.0.access.dpop_nonce()) {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    response
}

async fn kept(oidc: &Oidc, call: &OauthCall) -> Result<PushedRequest, OauthError> {
    let client = client_of(oidc, call).await?;
    let target = ProofTarget { method: "POST", path: "/oauth2/par", access_token: None, nonce_needed: false };
    let jkt = match &call.proof {
        Some(proof) => match oidc.0.access.prove(proof, &target).await {
            Ok(key) => Some(key.as_str().to_owned()),
            Err(ProofError::Fault(fault)) => return Err(GrantError::Proof(fault).into()),
            Err(ProofError::Storage(error)) => return Err(GrantError::from(error).into()),
        },
        None => None,
    };
    let pushed = oidc.push(&client, &Parameters::of(|name| call.form.get(name)), jkt).await?;
    Ok(PushedRequest { request_uri: pushed.request_uri, expires_in: pushed.expires_in })
}
