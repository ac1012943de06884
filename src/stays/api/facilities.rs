//! `GET /v1/facilities`

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Caller;
use crate::http::Problem;
use crate::http::problem::ProblemBody;
use crate::stays::service::{FacilityTold, Stays};

#[derive(Serialize, ToSchema)]
pub struct FacilitiesResponse {
    facilities: Vec<FacilityTold>,
}

/// Lists one's own facilities
///
/// Those that the caller may report for now: its own, and those delegated to it. An operator enters
/// them by `dancu facilities`.
#[utoipa::path(
    get,
    path = "/v1/facilities",
    tag = "stays",
    responses(
        (status = 200, description = "The facilities", body = FacilitiesResponse),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 429, description = "Over quota", body = ProblemBody<'_>),
        (status = 503, description = "The database is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["stays:report"])),
)]
pub async fn facilities(caller: Caller, stays: Data<Stays>) -> Result<HttpResponse, Problem> {
    let facilities = stays.facilities(&caller).await?;
    Ok(HttpResponse::Ok().json(FacilitiesResponse { facilities }))
}
