//! The provider's metadata, the same document at both well-known places.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::oidc::Oidc;
use crate::oidc::protocol::Metadata;

/// Metadata by OpenID Connect Discovery 1.0.
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "oauth", responses((status = 200, description = "What this server offers", body = Metadata)))]
pub async fn openid_configuration(oidc: Data<Oidc>) -> HttpResponse {
    document(&oidc)
}

/// Metadata by RFC 8414.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth", responses((status = 200, description = "What this server offers", body = Metadata)))]
pub async fn oauth_authorization_server(oidc: Data<Oidc>) -> HttpResponse {
    document(&oidc)
}

fn document(oidc: &Oidc) -> HttpResponse {
    let metadata = Metadata::of(oidc.issuer(), oidc.0.access.grant_types());
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json(metadata)
}
