//! The HTTP of the e-ID app, and of desks.

mod accounts;
mod desk;
mod devices;
mod error;
mod input;
mod qr;
mod signed;
mod transactions;

use actix_web::web::{ServiceConfig, get, post, resource};

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    accounts::begin,
    accounts::activate,
    accounts::show,
    accounts::settings,
    devices::list,
    devices::invite,
    devices::revoke,
    devices::passcode,
    transactions::pending,
    transactions::claim,
    transactions::approve,
    transactions::reject,
    qr::issue,
    qr::image,
    desk::at_desk,
))]
pub struct EidApi;

/// Needs `Data<Eid>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/v1/eid/accounts").route(post().to(accounts::begin)).route(get().to(accounts::show)))
        .service(resource("/v1/eid/accounts/activate").route(post().to(accounts::activate)))
        .service(resource("/v1/eid/accounts/settings").route(post().to(accounts::settings)))
        .service(resource("/v1/eid/devices").route(get().to(devices::list)).route(post().to(devices::invite)))
        .service(resource("/v1/eid/devices/passcode").route(post().to(devices::passcode)))
        .service(resource("/v1/eid/devices/{id}/revoke").route(post().to(devices::revoke)))
        .service(resource("/v1/eid/transactions").route(post().to(transactions::pending)))
        .service(resource("/v1/eid/transactions/claim").route(post().to(transactions::claim)))
        .service(resource("/v1/eid/transactions/{id}/approve").route(post().to(transactions::approve)))
        .service(resource("/v1/eid/transactions/{id}/reject").route(post().to(transactions::reject)))
        .service(resource("/v1/eid/qr").route(post().to(qr::issue)))
        .service(resource("/v1/eid/qr/image").route(post().to(qr::image)))
        .service(resource("/v1/eid/desk").route(post().to(desk::at_desk)));
}
