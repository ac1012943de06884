//! The HTTP of QR.

mod credentials;
mod error;
mod public;
mod submission;
mod verify;

use actix_web::web::{ServiceConfig, get, post, resource};

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(verify::verify, credentials::issue, credentials::revoke, public::status_list, public::keys,),
    components(schemas(submission::VerifyQrRequest, submission::VerifyQrPicture))
)]
pub struct QrApi;

/// Needs `Data<Qr>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/v1/qr/verify").route(post().to(verify::verify)))
        .service(resource("/v1/qr/credentials").route(post().to(credentials::issue)))
        .service(resource("/v1/qr/credentials/{id}/revoke").route(post().to(credentials::revoke)))
        .service(resource("/v1/status-lists/{id}").route(get().to(public::status_list)))
        .service(resource("/.well-known/dancu-qr-keys").route(get().to(public::keys)));
}
