//! `POST /v1/stays/{id}/amend`, `…/extend`, `…/check-out`, `…/cancel`

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use serde::de::MapAccess;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::answers::{answer, read};
use super::input::Departure;
use crate::access::Caller;
use crate::citizens::Recorded;
use crate::clients::Operation;
use crate::http::extract::{BoundedText, Expected, FromInput, IdempotencyKey, List, Whole, read_object};
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem, ProblemKind};
use crate::kernel::{Faults, Instant, Purpose, StayId, Text};
use crate::stays::model::{GuestGiven, Notice, Reason};
use crate::stays::service::{
    AMEND, Amend, AmendGuest, CANCEL, CHECK_OUT, CancelStay, CheckOut, EXTEND, Extend, StayTold, Stays,
};

const ONE_OF: Text = Text::new(
    "Cần đúng một trong: add, exchange cùng number, remove.",
    "Give exactly one of add, exchange with number, or remove.",
);

type Number = Whole<1, { i16::MAX as i64 }>;

/// What is put right; what is missing stays as it is.
#[derive(Deserialize, ToSchema)]
pub struct AmendRequest {
    #[schema(required = false)]
    room: Input<BoundedText<50>>,
    #[schema(required = false)]
    arrival: Input<Instant>,
    #[schema(required = false)]
    planned_departure: Input<Departure>,
    #[schema(required = false)]
    reason: Input<Reason>,
    #[schema(required = false)]
    note: Input<BoundedText<500>>,
    /// What is done to the guests, each `{"add": {guest}}`, `{"exchange": {guest}, "number": 1}` or
    /// `{"remove": 1}`.
    #[schema(required = false)]
    guests: Input<List<AmendGuest, { Notice::MOST_GUESTS }>>,
    purpose: Input<Purpose>,
}

impl AmendRequest {
    fn read(self, stay_id: StayId, faults: &mut Faults) -> Option<Amend> {
        let room = self.room.optional("/room", faults);
        let arrival = self.arrival.optional("/arrival", faults);
        let departure = self.planned_departure.optional("/planned_departure", faults);
        let reason = self.reason.optional("/reason", faults);
        let note = self.note.optional("/note", faults);
        let guests = self.guests.optional("/guests", faults);
        let purpose = self.purpose.required("/purpose", faults);
        Some(Amend {
            stay_id,
            room: room?.map(BoundedText::into_string),
            arrival: arrival?,
            planned_departure: departure?.map(|Departure(instant)| instant),
            reason: reason?,
            note: note?.map(BoundedText::into_string),
            guests: guests?.map(List::into_vec).unwrap_or_default(),
            purpose: purpose?,
            idempotency_key: None,
        })
    }
}

/// What is done to one guest.
#[derive(Deserialize, ToSchema)]
pub struct AmendGuestRequest {
    #[schema(required = false)]
    add: Input<GuestGiven>,
    /// Who stands in the place of the guest of this `number`.
    #[schema(required = false)]
    exchange: Input<GuestGiven>,
    #[schema(required = false)]
    number: Input<Number>,
    /// The number of the guest who is taken back.
    #[schema(required = false)]
    remove: Input<Number>,
}

impl AmendGuestRequest {
    fn read(self, faults: &mut Faults) -> Option<AmendGuest> {
        let number = |given: Number| i16::try_from(given.get()).unwrap_or(i16::MAX);
        let add = self.add.optional("/add", faults);
        let exchange = self.exchange.optional("/exchange", faults);
        let place = self.number.optional("/number", faults);
        let remove = self.remove.optional("/remove", faults);
        match (add?, exchange?, place?, remove?) {
            (Some(guest), None, None, None) => Some(AmendGuest::Add(guest)),
            (None, Some(guest), Some(place), None) => Some(AmendGuest::Exchange(number(place), guest)),
            (None, None, None, Some(place)) => Some(AmendGuest::Remove(number(place))),
            _ => {
                faults.push("", "one_of", ONE_OF);
                None
            }
        }
    }
}

impl FromInput for AmendGuest {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, AmendGuestRequest::read)
    }
}

impl PartialSchema for AmendGuest {
    fn schema() -> RefOr<Schema> {
        AmendGuestRequest::schema()
    }
}

impl ToSchema for AmendGuest {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        AmendGuestRequest::schemas(schemas);
    }
}

/// Until when the guests mean to stay now.
#[derive(Deserialize, ToSchema)]
pub struct ExtendRequest {
    planned_departure: Input<Departure>,
    purpose: Input<Purpose>,
}

impl ExtendRequest {
    fn read(self, stay_id: StayId, faults: &mut Faults) -> Option<Extend> {
        let departure = self.planned_departure.required("/planned_departure", faults);
        let purpose = self.purpose.required("/purpose", faults);
        let Departure(planned_departure) = departure?;
        Some(Extend { stay_id, planned_departure, purpose: purpose? })
    }
}

/// When the guests left.
#[derive(Deserialize, ToSchema)]
pub struct CheckOutRequest {
    /// Now, if it is missing.
    #[schema(required = false)]
    left_at: Input<Instant>,
    purpose: Input<Purpose>,
}

impl CheckOutRequest {
    fn read(self, stay_id: StayId, faults: &mut Faults) -> Option<CheckOut> {
        let left_at = self.left_at.optional("/left_at", faults);
        let purpose = self.purpose.required("/purpose", faults);
        Some(CheckOut { stay_id, left_at: left_at?, purpose: purpose? })
    }
}

/// Why it is asked.
#[derive(Deserialize, ToSchema)]
pub struct CancelRequest {
    purpose: Input<Purpose>,
}

impl CancelRequest {
    fn read(self, stay_id: StayId, faults: &mut Faults) -> Option<CancelStay> {
        Some(CancelStay { stay_id, purpose: self.purpose.required("/purpose", faults)? })
    }
}

/// What a change of the stay `id` is to be, read from its body.
async fn change<R, T>(
    (stays, caller, id): (&Stays, &Caller, &str),
    name: &'static str,
    (body, meaning): (Json<R>, impl FnOnce(R, StayId, &mut Faults) -> Option<T>),
) -> Result<T, Problem> {
    // An id that is none is as good as one of nobody's.
    let id = id.parse().map_err(|_| ProblemKind::NotFound)?;
    let meaning = |body: R, faults: &mut Faults| meaning(body, id, faults);
    read(stays, caller, (Operation::StaysReport, name), (body, meaning)).await
}

/// Amends a stay
///
/// Room, times, reason, and who the guests are. Everything stands in the history; a change of arrival
/// or guests gives a receipt of the next revision, and the one before is superseded.
#[utoipa::path(
    post,
    path = "/v1/stays/{id}/amend",
    tag = "stays",
    request_body = AmendRequest,
    params(
        ("id" = String, Path, description = "`stay_id`"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key repeats the first answer"),
    ),
    responses(
        (status = 200, description = "The stay as it is now", body = Recorded<'_, StayTold>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 404, description = "No such stay is the caller's", body = ProblemBody<'_>),
        (status = 409, description = "The stay was cancelled, or the key used for another request", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["stays:report"])),
)]
pub async fn amend(
    caller: Caller,
    arrival: Arrival,
    stays: Data<Stays>,
    path: Path<String>,
    key: IdempotencyKey,
    body: Json<AmendRequest>,
) -> Result<HttpResponse, Problem> {
    let command = change((&stays, &caller, &path), AMEND, (body, AmendRequest::read)).await?;
    let command = Amend { idempotency_key: key.given().map(str::to_owned), ..command };
    answer(stays.amend(&caller, command).await, &arrival).await
}

/// Extends a stay
#[utoipa::path(
    post,
    path = "/v1/stays/{id}/extend",
    tag = "stays",
    request_body = ExtendRequest,
    params(("id" = String, Path, description = "`stay_id`")),
    responses(
        (status = 200, description = "The stay as it is now", body = Recorded<'_, StayTold>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 404, description = "No such stay is the caller's", body = ProblemBody<'_>),
        (status = 409, description = "The stay is over", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["stays:report"])),
)]
pub async fn extend(
    caller: Caller,
    arrival: Arrival,
    stays: Data<Stays>,
    path: Path<String>,
    body: Json<ExtendRequest>,
) -> Result<HttpResponse, Problem> {
    let command = change((&stays, &caller, &path), EXTEND, (body, ExtendRequest::read)).await?;
    answer(stays.extend(&caller, command).await, &arrival).await
}

/// Checks guests out
///
/// Said twice, nothing changes.
#[utoipa::path(
    post,
    path = "/v1/stays/{id}/check-out",
    tag = "stays",
    request_body = CheckOutRequest,
    params(("id" = String, Path, description = "`stay_id`")),
    responses(
        (status = 200, description = "The stay as it is now", body = Recorded<'_, StayTold>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 404, description = "No such stay is the caller's", body = ProblemBody<'_>),
        (status = 409, description = "The stay is over", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["stays:report"])),
)]
pub async fn check_out(
    caller: Caller,
    arrival: Arrival,
    stays: Data<Stays>,
    path: Path<String>,
    body: Json<CheckOutRequest>,
) -> Result<HttpResponse, Problem> {
    let command = change((&stays, &caller, &path), CHECK_OUT, (body, CheckOutRequest::read)).await?;
    answer(stays.check_out(&caller, command).await, &arrival).await
}

/// Cancels a notice
///
/// Nobody came, or it was a mistake. Its receipt is cancelled; the stay stays in the history. Said
/// twice, nothing changes.
#[utoipa::path(
    post,
    path = "/v1/stays/{id}/cancel",
    tag = "stays",
    request_body = CancelRequest,
    params(("id" = String, Path, description = "`stay_id`")),
    responses(
        (status = 200, description = "The stay as it is now", body = Recorded<'_, StayTold>),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token or the agreement", body = ProblemBody<'_>),
        (status = 404, description = "No such stay is the caller's", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["stays:report"])),
)]
pub async fn cancel(
    caller: Caller,
    arrival: Arrival,
    stays: Data<Stays>,
    path: Path<String>,
    body: Json<CancelRequest>,
) -> Result<HttpResponse, Problem> {
    let command = change((&stays, &caller, &path), CANCEL, (body, CancelRequest::read)).await?;
    answer(stays.cancel(&caller, command).await, &arrival).await
}
