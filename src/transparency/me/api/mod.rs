//! The HTTP of the citizen's view.

mod consents;
mod error;
mod export;
mod history;
mod shown;

use actix_web::web::{ServiceConfig, get, post, resource};

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(
    history::ask,
    history::read,
    export::history,
    consents::list,
    consents::one,
    consents::withdraw,
    consents::export
))]
pub struct MeApi;

/// Needs `Data<Me>`.
pub fn routes(cfg: &mut ServiceConfig) {
    let history = resource("/v1/me/access-history").route(post().to(history::ask)).route(get().to(history::read));
    cfg.service(history)
        .service(resource("/v1/me/access-history/export").route(get().to(export::history)))
        .service(resource("/v1/me/consents").route(get().to(consents::list)))
        .service(resource("/v1/me/consents/export").route(get().to(consents::export)))
        .service(resource("/v1/me/consents/{id}").route(get().to(consents::one)))
        .service(resource("/v1/me/consents/{id}/withdraw").route(post().to(consents::withdraw)));
}
