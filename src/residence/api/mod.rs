//! The HTTP of residence.

mod check;
mod confirm;
mod error;
mod input;
mod verify;

use actix_web::web::{ServiceConfig, post, resource};

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(check::check, confirm::confirm, verify::verify, verify::page),
    components(schemas(input::PredicateRequest))
)]
pub struct ResidenceApi;

/// Needs `Data<Residence>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/v1/residence/check").route(post().to(check::check)))
        .service(resource("/v1/residence/confirmations").route(post().to(confirm::confirm)))
        .service(resource("/v1/residence/confirmations/verify").route(post().to(verify::verify)))
        .service(resource("/v1/residence/confirmations/page").route(post().to(verify::page)));
}
