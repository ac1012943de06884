//! The HTTP of looking citizens up.

mod batch;
mod error;
mod lines;
mod lookup;
mod quota;
mod verify;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{ServiceConfig, post, resource};
use serde::Serialize;

pub use error::held_back;

use super::guard::meter::Standing;
use super::kept_answers::{Answer, Body};
use crate::audit::Receipt;

/// The endpoints' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(lookup::look_up, verify::verify, batch::verify_batch),
    components(schemas(lookup::DisclosedAttribute, verify::CheckResponse, batch::LineProblem<'_>)),
)]
pub struct CitizensApi;

/// Needs `Data<Citizens>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/v1/citizens/lookup").route(post().to(lookup::look_up)))
        .service(resource("/v1/citizens/verify").route(post().to(verify::verify)))
        .service(resource("/v1/citizens/verify/batch").route(post().to(batch::verify_batch)));
}

/// An answer with the quota's standing in its headers.
pub fn answer(body: &impl Serialize, standing: &Standing) -> HttpResponse {
    let mut bytes = Vec::with_capacity(2048);
    // Writing plain structs to memory has no way to fail.
    let _ = serde_json::to_writer(&mut bytes, body);
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    for header in quota::headers(standing) {
        response.insert_header(header);
    }
    response.body(bytes)
}

/// An answer with the entry it was recorded as.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Recorded<'a, T> {
    #[serde(flatten)]
    told: T,
    audit: &'a Receipt,
}

/// An answer given for the first time or once more.
pub fn respond<T: Serialize>(given: &Answer<T>) -> HttpResponse {
    let audit = &given.receipt;
    match &given.body {
        Body::First(told) => answer(&Recorded { told, audit }, &given.standing),
        Body::Again(told) => answer(&Recorded { told, audit }, &given.standing),
    }
}
