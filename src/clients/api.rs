//! The catalogue over HTTP, and how refusals of an agreement are told.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Data, ServiceConfig};

use super::{Catalogue, Refusal};
use crate::http::{Problem, ProblemKind};

/// The clients' part of the OpenAPI document.
#[derive(utoipa::OpenApi)]
#[openapi(paths(catalogue))]
pub struct ClientsApi;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(web::resource("/v1/catalogue").get(catalogue));
}

/// What can be shared, under which kinds of agreement, and whom to ask for one.
#[utoipa::path(
    get,
    path = "/v1/catalogue",
    tag = "catalogue",
    responses((status = 200, description = "The catalogue of shared data", body = Catalogue))
)]
pub async fn catalogue(catalogue: Data<Catalogue>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=300")).json(&**catalogue)
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::ClientStopped => ProblemKind::ClientStopped,
            Refusal::ProcedureStopped => ProblemKind::ProcedureStopped,
            Refusal::OfficerStopped => ProblemKind::OfficerStopped,
            Refusal::NotInForce => ProblemKind::AgreementNotInForce,
            Refusal::Operation => ProblemKind::OperationNotAgreed,
            Refusal::Procedure => ProblemKind::ProcedureNotAgreed,
            Refusal::LegalBasis => ProblemKind::LegalBasisNotAgreed,
            Refusal::OfficerMissing => ProblemKind::OfficerMissing,
            Refusal::ConsentMissing => ProblemKind::ConsentMissing,
        }
        .into()
    }
}
