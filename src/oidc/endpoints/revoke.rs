//! `/oauth2/revoke` (RFC 7009).

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::forms::OwnTokenForm;
use super::refusal::client_of;
use crate::access::GrantError;
use crate::http::{OauthCall, OauthError};
use crate::oidc::Oidc;

/// Revokes a token of the calling client, and what rests on the same approval. The answer is the
/// same for tokens that are unknown.
#[utoipa::path(
    post,
    path = "/oauth2/revoke",
    tag = "oauth",
    request_body(content = OwnTokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token is good no longer, if it ever was"),
        (status = 401, description = "`invalid_client`"),
    )
)]
pub async fn revoke(oidc: Data<Oidc>, call: OauthCall) -> Result<HttpResponse, OauthError> {
    let client = client_of(&oidc, &call).await?;
    let token = call.form.get("token").ok_or(OauthError::invalid_request("token is missing"))?;
    oidc.revoke(&client, token).await.map_err(GrantError::from)?;
    Ok(HttpResponse::Ok().finish())
}
