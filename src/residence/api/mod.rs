//! The HTTP of residence.

mod check;
mod input;

use actix_web::web::{ServiceConfig, post, resource};

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(check::check), components(schemas(input::PredicateRequest)))]
pub struct ResidenceApi;

/// Needs `Data<Residence>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/v1/residence/check").route(post().to(check::check)));
}
