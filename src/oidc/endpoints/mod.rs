//! The provider's endpoints, one file each.

mod authorize;
mod bc_authorize;
mod forms;
mod introspect;
mod logout;
mod metadata;
mod par;
mod refusal;
mod revoke;
mod userinfo;

use actix_web::web::{self, ServiceConfig};

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    metadata::openid_configuration,
    metadata::oauth_authorization_server,
    par::push,
    authorize::authorize,
    bc_authorize::ask,
    userinfo::userinfo,
    introspect::introspect,
    revoke::revoke,
    logout::logout
))]
pub struct OidcApi;

/// Registers the endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(web::resource("/.well-known/openid-configuration").get(metadata::openid_configuration))
        .service(web::resource("/.well-known/oauth-authorization-server").get(metadata::oauth_authorization_server))
        .service(web::resource("/oauth2/par").post(par::push))
        .service(web::resource("/oauth2/authorize").get(authorize::authorize).post(authorize::authorize_by_form))
        .service(web::resource("/oauth2/authorize/state").get(authorize::state))
        .service(web::resource("/oauth2/authorize/address").post(authorize::address))
        .service(web::resource("/oauth2/authorize/cancel").post(authorize::cancel))
        .service(web::resource("/oauth2/bc-authorize").post(bc_authorize::ask))
        .service(web::resource("/oauth2/userinfo").get(userinfo::userinfo).post(userinfo::userinfo))
        .service(web::resource("/oauth2/introspect").post(introspect::introspect))
        .service(web::resource("/oauth2/revoke").post(revoke::revoke))
        .service(web::resource("/oauth2/logout").get(logout::logout).post(logout::logout_by_form));
}
