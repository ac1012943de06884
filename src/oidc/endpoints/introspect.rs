//! `/oauth2/introspect` (RFC 7662): a client asks about its own tokens.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use serde_json::{Value, json};

use super::forms::OwnTokenForm;
use super::refusal::client_of;
use crate::access::{Grant, GrantError, Verified};
use crate::http::{OauthCall, OauthError};
use crate::oidc::Oidc;

/// Whether a token of the calling client is good, and what for. Another client's is `active: false`.
#[utoipa::path(
    post,
    path = "/oauth2/introspect",
    tag = "oauth",
    request_body(content = OwnTokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "RFC 7662 section 2.2", body = serde_json::Value),
        (status = 401, description = "`invalid_client`"),
    )
)]
pub async fn introspect(oidc: Data<Oidc>, call: OauthCall) -> Result<HttpResponse, OauthError> {
    let client = client_of(&oidc, &call).await?;
    let token = call.form.get("token").ok_or(OauthError::invalid_request("token is missing"))?;
    let fault = |error| OauthError::from(GrantError::Storage(error));
    let known = oidc.inspect(&client, token).await.map_err(fault)?;
    let told = match known {
        Some((verified, grant)) => access_token(oidc.issuer(), &verified, grant.as_ref()),
        None => {
            let grant = oidc.inspect_refresh(token).await.map_err(fault)?;
            grant
                .filter(|grant| grant.client == client.id)
                .map_or(json!({ "active": false }), |grant| refresh_token(oidc.issuer(), &grant))
        }
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(told))
}

fn access_token(issuer: &str, token: &Verified, grant: Option<&Grant>) -> Value {
    let mut told = json!({
        "active": true,
        "iss": issuer,
        "aud": issuer,
        "client_id": token.client,
        "sub": token.subject,
        "scope": token.scope,
        "iat": token.issued.as_seconds(),
        "exp": token.expires.as_seconds(),
        "jti": token.id,
        "token_type": if token.key.is_some() { "DPoP" } else { "Bearer" },
    });
    if let Some(key) = &token.key {
        told["cnf"] = json!({ "jkt": key.as_str() });
    }
    if let Some(grant) = grant {
        told["acr"] = json!(grant.level.acr());
        told["auth_time"] = json!(grant.approved_at.as_seconds());
    }
    told
}

fn refresh_token(issuer: &str, grant: &Grant) -> Value {
    json!({
        "active": true,
        "iss": issuer,
        "client_id": grant.client,
        "sub": grant.subject,
        "scope": grant.scope,
        "iat": grant.approved_at.as_seconds(),
        "exp": grant.expires_at.as_seconds(),
    })
}
