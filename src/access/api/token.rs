//! `/oauth2/token` (RFC 6749 section 3.2).

use std::time::Duration;

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::access::{Access, Form, IssuedToken};
use crate::http::OauthError;

const LONGEST_BODY: usize = 16 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A token request; parameters that are not known are ignored.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "describes the form; the parameters are read one by one")]
pub struct TokenRequest {
    /// `client_credentials`
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// Operations separated by spaces; all that are agreed if absent.
    scope: Option<String>,
    /// May be given; the assertion says it too.
    client_id: Option<String>,
    #[schema(example = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")]
    client_assertion_type: String,
    /// A JWT signed by the client with ES256 or EdDSA (RFC 7523): `iss` and `sub` the client's id,
    /// `aud` the issuer, `exp`, and a `jti` that is used once.
    client_assertion: String,
}

/// Gives a client an access token.
#[utoipa::path(
    post,
    path = "/oauth2/token",
    tag = "oauth",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token", body = IssuedToken),
        (status = 400, description = "`invalid_request`, `unauthorized_client`, `unsupported_grant_type` or `invalid_scope` (RFC 6749 section 5.2)"),
        (status = 401, description = "`invalid_client`"),
    )
)]
pub async fn token(access: Data<Access>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, OauthError> {
    check_head(&request)?;
    let form = Form::parse(&body_of(payload).await?).map_err(crate::access::GrantError::from)?;
    let issued = access.grant(&form).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(issued))
}

fn check_head(request: &HttpRequest) -> Result<(), OauthError> {
    if request.headers().contains_key(AUTHORIZATION) {
        // RFC 6749 section 5.2: who tried by this field is told what it takes. It takes nothing here.
        let challenge = HeaderValue::from_static(r#"Basic realm="dancu""#);
        let refusal = OauthError::invalid_client("clients authenticate with private_key_jwt");
        return Err(refusal.with_header(WWW_AUTHENTICATE, challenge));
    }
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|field| field.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(())
    } else {
        Err(OauthError::invalid_request("the body must be application/x-www-form-urlencoded"))
    }
}

async fn body_of(payload: Payload) -> Result<Bytes, OauthError> {
    match tokio::time::timeout(BODY_TIMEOUT, payload.to_bytes_limited(LONGEST_BODY)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(OauthError::invalid_request("the body cannot be read")),
        Ok(Err(_)) => Err(OauthError::invalid_request("the body is too long")),
        Err(_) => Err(OauthError::invalid_request("the body came too slowly")),
    }
}
