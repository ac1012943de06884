//! `/oauth2/bc-authorize`: asking a citizen who is present (OpenID Connect CIBA section 7).

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use serde::Serialize;

use super::forms::BackchannelForm;
use super::refusal::client_of;
use crate::http::{Arrival, OauthCall, OauthError, release};
use crate::oidc::Oidc;
use crate::oidc::protocol::BackchannelParameters;

/// A request that waits for the citizen's decision.
#[derive(Serialize, utoipa::ToSchema)]
struct Acknowledgement {
    auth_req_id: String,
    /// Seconds from now.
    #[schema(example = 300)]
    expires_in: u64,
    /// Seconds between polls, at least.
    #[schema(example = 2)]
    interval: u64,
    /// Two digits for the desk to show: the citizen types them into the app.
    #[schema(example = "42")]
    match_number: String,
}

/// Asks the citizen whose number is `login_hint` to confirm on their device. The answer is the same
/// for everybody: who is unknown or has no account never decides, and the request ends in
/// `expired_token`. Poll the token endpoint with `urn:openid:params:grant-type:ciba`.
#[utoipa::path(
    post,
    path = "/oauth2/bc-authorize",
    tag = "oauth",
    request_body(content = BackchannelForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The citizen is asked", body = Acknowledgement),
        (status = 400, description = "`invalid_request`, `invalid_scope`, `invalid_binding_message`, `unmet_authentication_requirements`, `unauthorized_client`"),
        (status = 401, description = "`invalid_client`"),
        (status = 429, description = "`temporarily_unavailable`: more calls than the agreement allows"),
    )
)]
pub async fn ask(oidc: Data<Oidc>, arrival: Arrival, call: OauthCall) -> Result<HttpResponse, OauthError> {
    let client = client_of(&oidc, &call).await?;
    let asked = oidc.ask(&client, &BackchannelParameters::of(|name| call.form.get(name))).await?;
    // The time of the answer tells no more than its words.
    release::negative(&arrival).await;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Acknowledgement {
        auth_req_id: asked.auth_req_id,
        expires_in: asked.expires_in,
        interval: asked.interval,
        match_number: asked.match_number.to_string(),
    }))
}
