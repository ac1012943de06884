//! The HTTP of forms.

mod error;
mod prefill;
mod shown;

use actix_web::web::{ServiceConfig, get, post, resource};

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(shown::list, shown::form, prefill::prefill))]
pub struct FormsApi;

/// Needs `Data<Forms>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/v1/forms").route(get().to(shown::list)))
        .service(resource("/v1/forms/{code}").route(get().to(shown::form)))
        .service(resource("/v1/forms/{code}/prefill").route(post().to(prefill::prefill)));
}
