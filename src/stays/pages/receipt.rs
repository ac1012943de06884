//! A stay's receipt, to print: as anybody who holds it is shown it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{Desk, SCRIPT, Shift};
use crate::access::Caller;
use crate::http::page::Page;
use crate::http::{Problem, ProblemKind};
use crate::kernel::StayId;
use crate::stays::printed::ReceiptPage;

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
    page.show(&ReceiptPage::at_desk(&told.document, &told.jws, &SCRIPT))
}
