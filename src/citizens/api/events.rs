//! `POST /v1/events`

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer;
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens::events::{EventRequest, EventTold, OnContradiction, RECORD, RecordError};
use crate::citizens::service::Citizens;
use crate::clients::Operation;
use crate::http::problem::ProblemBody;
use crate::http::{Json, Problem, ProblemKind};
use crate::kernel::Faults;

#[derive(Serialize, ToSchema)]
struct EventResponse<'a> {
    #[serde(flatten)]
    told: &'a EventTold,
    audit: &'a Receipt,
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Citizens(error) => error.into(),
            RecordError::OtherContent => ProblemKind::Conflict.into(),
            RecordError::Contradicts(reason) => {
                let mut faults = Faults::default();
                faults.push("", reason.code(), reason.text());
                Self::new(ProblemKind::EventContradicts).with_faults(faults)
            }
        }
    }
}

/// Records a life event
///
/// For the civil registry: birth, new number, correction, change of a household, move, missing,
/// found, death. Each changes every record it concerns in one transaction, once for its `event_id`,
/// and as of its `effective` day, whenever it comes. One that contradicts the store is refused, or
/// with `park` kept for an operator; one about somebody who is unknown waits for them.
#[utoipa::path(
    post,
    path = "/v1/events",
    tag = "citizens",
    request_body = EventRequest,
    responses(
        (status = 200, description = "Applied, known, or parked", body = EventResponse<'_>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 409, description = "It contradicts the store, or another event has this id", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["population:write"])),
)]
pub async fn record(
    caller: Caller,
    citizens: Data<Citizens>,
    body: Json<EventRequest>,
) -> Result<HttpResponse, Problem> {
    let read = body.read(|mut request, faults| {
        let told = request.take_purpose(faults);
        let event = request.read(|event| citizens.born_key(event), citizens.today(), faults);
        Some((event?, told?))
    });
    let (event, (purpose, park)) = match read {
        Ok(read) => read,
        Err(faults) => {
            citizens.require(&caller, Operation::PopulationWrite, RECORD).await?;
            return Err(faults);
        }
    };
    let otherwise = if park { OnContradiction::Park } else { OnContradiction::Refuse };
    let taken = citizens.record_event(&caller, event, (purpose, otherwise)).await?;
    Ok(answer(&EventResponse { told: &taken.told, audit: &taken.receipt }, &taken.standing))
}
