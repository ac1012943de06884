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
    let view = View { page, receipt: told.document, signed: told.jws, script: &SCRIPT };
    view.page.show(&view)
}
