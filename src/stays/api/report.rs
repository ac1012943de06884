//! `POST /v1/stays`

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::answers::{answer, read};
use super::input::ReportRequest;
use crate::access::Caller;
use crate::citizens::Recorded;
use crate::clients::Operation;
use crate::http::extract::IdempotencyKey;
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Json, Problem};
use crate::stays::service::{REPORT, Report, Reported, Stays};

/// Reports a stay
///
/// Guests who arrived together at one of the caller's facilities. Each is verified as the agreement
/// allows; one who does not fit marks the notice and never stops it. Sent twice, it is one stay. The
/// receipt is signed; anybody can verify it.
#[utoipa::path(
    post,
    path = "/v1/stays",
    tag = "stays",
    request_body = ReportRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key repeats the first answer")),
    responses(
        (status = 200, description = "Taken", body = Recorded<'_, Reported>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members, or a facility that is not the caller's", body = ProblemBody<'_>),
        (status = 429, description = "Over quota", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["stays:report"])),
)]
pub async fn report(
    caller: Caller,
    arrival: Arrival,
    stays: Data<Stays>,
    key: IdempotencyKey,
    body: Json<ReportRequest>,
) -> Result<HttpResponse, Problem> {
    let named = (Operation::StaysReport, REPORT);
    let (notice, purpose) = read(&stays, &caller, named, (body, ReportRequest::read)).await?;
    let idempotency_key = key.given().map(str::to_owned);
    let command = Report { notice, purpose, idempotency_key, known_by_night: false };
    answer(stays.report(&caller, command).await, &arrival).await
}
