//! The server's metadata, the same document at both well-known places.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::PUBLIC;
use crate::access::{Access, Metadata};

/// Metadata by OpenID Connect Discovery 1.0.
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "oauth", responses((status = 200, description = "What this server offers", body = Metadata)))]
pub async fn openid_configuration(access: Data<Access>) -> HttpResponse {
    HttpResponse::Ok().insert_header(PUBLIC).json(access.metadata())
}

/// Metadata by RFC 8414.
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth", responses((status = 200, description = "What this server offers", body = Metadata)))]
pub async fn oauth_authorization_server(access: Data<Access>) -> HttpResponse {
    HttpResponse::Ok().insert_header(PUBLIC).json(access.metadata())
}
