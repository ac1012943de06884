//! `/oauth2/token` (RFC 6749 section 3.2).

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError};

use crate::access::{Access, IssuedToken, TokenCall, client_form};
use crate::http::{DPOP_NONCE, OauthCall};

client_form! {
    /// A token request; parameters that are not known are ignored.
    TokenRequest {
        /// `client_credentials`, `authorization_code`, `refresh_token` or `urn:openid:params:grant-type:ciba`
        #[schema(example = "client_credentials")]
        grant_type: String,
        /// Operations separated by spaces; all that are agreed if absent (`client_credentials`).
        scope: Option<String>,
        /// Of the sign-in (`authorization_code`), with the next two.
        code: Option<String>,
        redirect_uri: Option<String>,
        code_verifier: Option<String>,
        /// `refresh_token`
        refresh_token: Option<String>,
        /// `urn:openid:params:grant-type:ciba`
        auth_req_id: Option<String>,
    }
}

/// Gives a client an access token.
#[utoipa::path(
    post,
    path = "/oauth2/token",
    tag = "oauth",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token", body = IssuedToken),
        (status = 400, description = "`invalid_request`, `unauthorized_client`, `unsupported_grant_type`, `invalid_grant` or `invalid_scope` (RFC 6749 section 5.2); `invalid_dpop_proof` or `use_dpop_nonce` (RFC 9449); `authorization_pending`, `slow_down`, `expired_token` or `access_denied` (CIBA)"),
        (status = 401, description = "`invalid_client`"),
    )
)]
pub async fn token(access: Data<Access>, call: OauthCall) -> HttpResponse {
    let asked =
        TokenCall { form: &call.form, authorization: call.authorization.as_deref(), proof: call.proof.as_deref() };
    let mut response = match access.grant(&asked).await {
        Ok(issued) => HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(issued),
        Err(error) => call.refuse(error).error_response(),
    };
    // Handed out before it is needed, so that the next proof costs no round trip.
    if let Ok(nonce) = HeaderValue::try_from(access.dpop_nonce()) {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    response
}
