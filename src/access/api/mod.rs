//! The OAuth endpoints, one file each.

mod error;
mod jwks;
mod token;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::web::{self, ServiceConfig};

/// Public documents: everybody may keep them for a while. A new token key is handed out for
/// longer than this before it signs.
const PUBLIC: (HeaderName, &str) = (CACHE_CONTROL, "public, max-age=300");

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(token::token, jwks::jwks))]
pub struct AccessApi;

/// Registers the endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(web::resource("/oauth2/token").post(token::token))
        .service(web::resource("/oauth2/jwks").get(jwks::jwks));
}
