//! The HTTP of stays.

mod answers;
mod batch;
mod changes;
pub(super) mod error;
mod facilities;
mod files;
mod guest;
mod input;
mod receipts;
mod report;
mod search;

use actix_web::web::{ServiceConfig, get, post, resource};

pub(super) use batch::{LONGER, UPLOAD_TIME};
pub(super) use input::read_notice;

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        facilities::facilities,
        report::report,
        batch::batch,
        files::template_csv,
        files::template_xlsx,
        changes::amend,
        changes::extend,
        changes::check_out,
        changes::cancel,
        search::search,
        receipts::receipt,
        receipts::verify,
        receipts::page,
    ),
    components(schemas(guest::GuestRequest, guest::TypedGuestRequest, guest::DocumentRequest))
)]
pub struct StaysApi;

/// Needs `Data<Stays>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/v1/facilities").route(get().to(facilities::facilities)))
        .service(resource("/v1/stays").route(post().to(report::report)))
        .service(resource("/v1/stays/batch").route(post().to(batch::batch)))
        .service(resource("/v1/stays/template.csv").route(get().to(files::template_csv)))
        .service(resource("/v1/stays/template.xlsx").route(get().to(files::template_xlsx)))
        .service(resource("/v1/stays/search").route(post().to(search::search)))
        .service(resource("/v1/stays/receipts/verify").route(post().to(receipts::verify)))
        .service(resource("/v1/stays/receipts/page").route(post().to(receipts::page)))
        .service(resource("/v1/stays/{id}/amend").route(post().to(changes::amend)))
        .service(resource("/v1/stays/{id}/extend").route(post().to(changes::extend)))
        .service(resource("/v1/stays/{id}/check-out").route(post().to(changes::check_out)))
        .service(resource("/v1/stays/{id}/cancel").route(post().to(changes::cancel)))
        .service(resource("/v1/stays/{id}/receipt").route(get().to(receipts::receipt)));
}
