//! What becomes of a stay at the desk: checked out, changed, cancelled.

use actix_web::HttpResponse;
use actix_web::web::{Data, Form, Path};

use super::asked::Sent;
use super::filled_in::read_departure;
use super::{Desk, purpose, see_other};
use crate::access::Caller;
use crate::http::{Problem, ProblemKind};
use crate::kernel::{Faults, StayId};
use crate::stays::service::{Amend, CancelStay, CheckOut, StaysError};

/// The guest has left now.
pub(super) async fn check_out(caller: Caller, id: Path<String>, desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    let command = CheckOut { stay_id: named(&id)?, left_at: None, purpose: purpose(&caller)? };
    done(desk.stays.check_out(&caller, command).await, "left")
}

/// Another room, or another day of departure.
pub(super) async fn change(
    caller: Caller,
    id: Path<String>,
    desk: Data<Desk>,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let sent = Sent(form.into_inner());
    let mut faults = Faults::default();
    let departure = read_departure(&sent, &mut faults);
    let departure = faults.or_value(departure).map_err(Problem::invalid)?;
    let command = Amend {
        stay_id: named(&id)?,
        room: sent.get("room").map(str::to_owned),
        arrival: None,
        planned_departure: departure,
        reason: None,
        note: None,
        guests: Vec::new(),
        purpose: purpose(&caller)?,
        idempotency_key: None,
    };
    done(desk.stays.amend(&caller, command).await, "changed")
}

/// Nobody came, or the notice was a mistake.
pub(super) async fn cancel(caller: Caller, id: Path<String>, desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    let command = CancelStay { stay_id: named(&id)?, purpose: purpose(&caller)? };
    done(desk.stays.cancel(&caller, command).await, "cancelled")
}

fn named(id: &str) -> Result<StayId, Problem> {
    id.parse().map_err(|_| ProblemKind::NotFound.into())
}

/// Back to the list, which says what was done. What was over before needs no second word.
fn done<T>(outcome: Result<T, StaysError>, did: &str) -> Result<HttpResponse, Problem> {
    match outcome {
        Ok(_) => Ok(see_other(&format!("/desk?did={did}#today"))),
        Err(StaysError::StayOver) => Ok(see_other("/desk#today")),
        Err(refusal) => Err(refusal.into()),
    }
}
