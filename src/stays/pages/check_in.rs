//! `POST /desk/check-in`: a guest reported by the desk's form.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::asked::Sent;
use super::filled_in::{self, FilledIn};
use super::list::{Shown, Wanted};
use super::{By, Desk, Shift, purpose, see_other};
use crate::access::Caller;
use crate::citizens::{Answer, Body, CitizensError};
use crate::http::page::Page;
use crate::http::{Arrival, Problem, ProblemKind, release};
use crate::kernel::{Faults, Instant, StayId};
use crate::stays::api::error;
use crate::stays::model::Notice;
use crate::stays::service::{Amend, AmendGuest, Report, Reported, StaysError};

/// Reports the guest; the page that follows shows what it came to.
pub(super) async fn check_in(
    page: Page,
    request: HttpRequest,
    arrived: Arrival,
    caller: Result<Caller, Problem>,
    desk: Data<Desk>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let sent = Sent(form.into_inner());
    let by = sent.get("by").and_then(By::parse).unwrap_or_default();
    let named = sent.get("facility_id").and_then(|id| id.parse().ok());
    let shift = match Shift::of(&page, caller, &request, &desk, named).await? {
        Ok(shift) => shift,
        Err(instead) => return Ok(instead),
    };
    let mut faults = Faults::default();
    let said = filled_in::read(&sent, by, shift.now, &mut faults);
    let said = match faults.or_value(said) {
        Ok(read) => read,
        Err(faults) => return again(page, &shift, &desk, by, &sent, faults).await,
    };
    match report(&desk, &shift, &sent, said).await? {
        Ok(told) => {
            if told.negative {
                release::negative(&arrived).await;
            }
            let again = if told.repeated { "&again=true" } else { "" };
            let by = if by == By::Scan { String::new() } else { format!("&by={}", by.name()) };
            // Without a fragment, which would keep the cursor out of the next guest's field.
            Ok(see_other(&format!("/desk?done={}{again}{by}", told.stay)))
        }
        Err(StaysError::Faulty(faults)) => {
            let faults = named_by_field(faults, by);
            again(page, &shift, &desk, by, &sent, faults).await
        }
        Err(refusal) => {
            let unread = matches!(refusal, StaysError::Qr(_));
            let problem = error::problem(refusal, &arrived).await;
            if unread && problem.kind().status() == StatusCode::UNPROCESSABLE_ENTITY {
                return again(page, &shift, &desk, by, &sent, of_scan(&problem)).await;
            }
            match problem.kind() {
                // The same mended guest, once more.
                ProblemKind::IdempotencyConflict => Ok(see_other("/desk#today")),
                _ => Err(problem),
            }
        }
    }
}

/// A guest who was taken.
struct Told {
    stay: StayId,
    repeated: bool,
    negative: bool,
}

/// Reports the guest, or puts them in the place of one who does not fit. `Err` inside: the service
/// refused.
async fn report(desk: &Desk, shift: &Shift, sent: &Sent, said: FilledIn) -> Result<Result<Told, StaysError>, Problem> {
    let purpose = purpose(&shift.caller)?;
    let idempotency_key = sent.get("key").map(str::to_owned);
    let Some(mended) = sent.get("mend") else {
        // Scanned again a minute later, a guest has not come a second time; one who came earlier may have.
        let known_by_night = said.arrival.is_none();
        let notice = Notice {
            facility_id: shift.here.facility_id,
            room: said.room,
            arrival: said.arrival.unwrap_or_else(|| minute_of(shift.now)),
            planned_departure: said.departure,
            reason: said.reason,
            note: None,
            guests: vec![said.guest],
        };
        let report = Report { notice, purpose, idempotency_key, known_by_night };
        return match report_form(desk, shift, report).await {
            Ok(answer) => Ok(Ok(taken(&answer)?)),
            Err(refusal) => Ok(Err(refusal)),
        };
    };
    let stay_id = mended.parse().map_err(|_| ProblemKind::NotFound)?;
    let number = sent.get("guest").and_then(|number| number.parse().ok()).unwrap_or(1);
    let amend = Amend {
        stay_id,
        room: said.room,
        arrival: said.arrival,
        planned_departure: said.departure,
        reason: Some(said.reason),
        note: None,
        guests: vec![AmendGuest::Exchange(number, said.guest)],
        purpose,
        idempotency_key,
    };
    let amended = desk.stays.amend(&shift.caller, amend).await;
    Ok(amended.map(|answer| Told { stay: stay_id, repeated: false, negative: answer.negative }))
}

/// A form that is sent once more, from a page that a browser went back to, says another minute or
/// another guest under its key: then the night tells which it is.
async fn report_form(desk: &Desk, shift: &Shift, report: Report) -> Result<Answer<Reported>, StaysError> {
    match desk.stays.report(&shift.caller, report.clone()).await {
        Err(StaysError::Citizens(CitizensError::KeyReused)) => {
            let report = Report { idempotency_key: None, known_by_night: true, ..report };
            desk.stays.report(&shift.caller, report).await
        }
        answered => answered,
    }
}

fn taken(answer: &Answer<Reported>) -> Result<Told, Problem> {
    let (stay, repeated) = match &answer.body {
        Body::First(told) => (Some(told.stay_id), told.repeated),
        Body::Again(kept) => (kept.get("stay_id").and_then(Value::as_str).and_then(|id| id.parse().ok()), true),
    };
    Ok(Told { stay: stay.ok_or(ProblemKind::Internal)?, repeated, negative: answer.negative })
}

async fn again(
    page: Page,
    shift: &Shift,
    desk: &Desk,
    by: By,
    sent: &Sent,
    faults: Faults,
) -> Result<HttpResponse, Problem> {
    let shown = Shown { by, sent, faults: Some(faults), wanted: Wanted::default() };
    shown.page(page, shift, desk, StatusCode::UNPROCESSABLE_ENTITY).await
}

fn minute_of(now: Instant) -> Instant {
    Instant::from_seconds(now.as_seconds().div_euclid(60) * 60)
}

/// The faults of a notice, at the fields that hold what they are about.
pub(super) fn named_by_field(faults: Faults, by: By) -> Faults {
    let first = match by {
        By::Scan | By::File => "scan",
        By::Number => "number",
        By::Paper | By::Passport => "full_name",
    };
    let mut named = Faults::default();
    for fault in faults.into_vec() {
        let last = fault.pointer.rsplit('/').next().unwrap_or_default();
        let field = match last {
            "planned_departure" => "departure",
            "arrival" | "room" | "reason" | "full_name" | "sex" | "nationality" | "mrz" | "address" | "number" => last,
            "id_number" => "number",
            "date_of_birth" => "birth",
            _ => first,
        };
        named.push(field, fault.code, fault.text);
    }
    named
}

fn of_scan(problem: &Problem) -> Faults {
    let mut named = Faults::default();
    match problem.faults().iter().next() {
        Some(fault) => named.push("scan", fault.code, fault.text),
        None => named.push("scan", "unreadable", problem.kind().title()),
    }
    named
}
