//! `/oauth2/jwks`: the public keys of access tokens (RFC 7517).

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::PUBLIC;
use crate::access::Access;

/// The keys that access tokens are signed with: those in use, the next, and the last.
#[utoipa::path(get, path = "/oauth2/jwks", tag = "oauth", responses((status = 200, description = "A JWK set (RFC 7517)", body = serde_json::Value)))]
pub async fn jwks(access: Data<Access>) -> HttpResponse {
    HttpResponse::Ok().insert_header(PUBLIC).content_type("application/jwk-set+json").json(access.public_keys())
}
