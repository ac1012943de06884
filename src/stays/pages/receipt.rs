//! A stay's receipt, to print.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::{Desk, SCRIPT, Shift};
use crate::access::Caller;
use crate::http::page::{Asset, Page};
use crate::http::{Problem, ProblemKind};
use crate::kernel::StayId;
use crate::stays::model::ReceiptDocument;

#[derive(Template)]
#[template(path = "stays/pages/receipt.html")]
struct View {
    page: Page,
    receipt: ReceiptDocument,
    arrival: String,
    received: String,
    deadline: String,
    /// The JWS.
    signed: String,
    script: &'static Asset,
}

pub(super) async fn show(
    page: Page,
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    id: Path<String>,
    desk: Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let shift = match Shift::of(&page, caller, &request, &desk, None).await? {
        Ok(shift) => shift,
        Err(instead) => return Ok(instead),
    };
    let id: StayId = id.parse().map_err(|_| ProblemKind::NotFound)?;
    let told = desk.stays.receipt(&shift.caller, id).await?;
    let receipt = told.document;
    let view = View {
        arrival: page.time(receipt.arrival),
        received: page.time(receipt.received_at),
        deadline: page.time(receipt.deadline),
        receipt,
        signed: told.jws,
        script: &SCRIPT,
        page,
    };
    view.page.show(&view)
}
