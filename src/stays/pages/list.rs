//! `GET /desk`: a form for the next guest, what came of the last one, and the list of the day.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::asked::{Asked, Kind, Sent, ShownForm};
use super::frame::Top;
use super::shown::{Done, Row};
use super::{By, Desk, Shift, purpose};
use crate::access::Caller;
use crate::http::Problem;
use crate::http::page::Page;
use crate::kernel::{Fault, Faults, StayId, TransactionId};
use crate::stays::model::GuestVerdict;
use crate::stays::service::{StayTold, Today};

/// What of the desk is shown; nothing in it tells who anybody is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    by: Option<String>,
    /// The stay that was reported just now…
    done: Option<StayId>,
    /// …and had been reported before.
    again: bool,
    /// The next guest shares the room of this stay.
    with: Option<StayId>,
    /// The next guest is put in the place of who does not fit in this stay.
    mend: Option<StayId>,
    /// What was done just now.
    did: Option<Did>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Did {
    Left,
    Changed,
    Cancelled,
}

/// What a page of the desk shows.
pub(super) struct Shown<'a> {
    pub by: By,
    pub sent: &'a Sent,
    pub faults: Option<Faults>,
    pub wanted: Wanted,
}

#[derive(Template)]
#[template(path = "stays/pages/desk.html")]
struct View {
    page: Page,
    desk: Top,
    form: ShownForm,
    /// The stay and guest that the form puts right.
    mend: Option<(String, i16)>,
    trouble: Option<&'static str>,
    faulty: Vec<(&'static str, String)>,
    note: Option<&'static str>,
    done: Option<Done>,
    rows: Vec<Row>,
}

/// The desk of whoever signed in; what it is for everybody else.
pub(super) async fn show(
    page: Page,
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    desk: Data<Desk>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let shift = match Shift::of(&page, caller, &request, &desk, None).await? {
        Ok(shift) => shift,
        Err(instead) => return Ok(instead),
    };
    let wanted = wanted.into_inner();
    let by = wanted.by.as_deref().and_then(By::parse).filter(|by| *by != By::File).unwrap_or_default();
    let shown = Shown { by, sent: &Sent::empty(), faults: None, wanted };
    shown.page(page, &shift, &desk, StatusCode::OK).await
}

impl Shown<'_> {
    pub async fn page(
        self,
        page: Page,
        shift: &Shift,
        desk: &Desk,
        status: StatusCode,
    ) -> Result<HttpResponse, Problem> {
        let purpose = purpose(&shift.caller)?;
        let today = desk.stays.todays(&shift.caller, shift.here.facility_id, purpose).await?;
        let page = page.with_camera();
        let faults = self.faults.map(Faults::into_vec);
        let wanted = &self.wanted;
        let as_before = prefilled(&today, wanted);
        let sent = as_before.as_ref().unwrap_or(self.sent);
        let asked = Asked { page: &page, sent, faults: faults.as_deref().unwrap_or_default(), now: shift.now };
        let form = asked.form(self.by, TransactionId::random(&*desk.entropy).to_string());
        let done = wanted.done.and_then(|id| stay(&today, id));
        let done = done.map(|told| Done::of(&page, told, wanted.again, today.now));
        let mut top = Top::of(&page, shift, self.by);
        if let Some(done) = &done {
            top.title = format!("{} – {}", done.headline, top.title);
        }
        let view = View {
            trouble: faults.as_deref().map(|faults| trouble(&page, faults, &form)),
            faulty: form.faulty(),
            note: wanted.did.map(|did| in_words(&page, did)),
            mend: to_mend(&today, wanted, self.sent),
            rows: today.stays.iter().map(|told| Row::of(&page, told, today.now)).collect(),
            desk: top,
            form,
            done,
            page,
        };
        view.page.show_as(status, &view)
    }
}

fn stay(today: &Today, id: StayId) -> Option<&StayTold> {
    today.stays.iter().find(|told| told.stay_id == id)
}

/// Room, departure and reason of a stay that the next guest shares or puts right.
fn prefilled(today: &Today, wanted: &Wanted) -> Option<Sent> {
    let told = stay(today, wanted.with.or(wanted.mend)?)?;
    let mut sent = Sent::empty();
    sent.put("room", told.room.clone().unwrap_or_default());
    let until = told.planned_departure.map(|until| until.date_in_viet_nam().to_string());
    sent.put("departure", until.unwrap_or_default());
    sent.put("reason", told.reason.name().to_owned());
    Some(sent)
}

/// The stay to mend and the number of the guest in it: as the address has it, or as a faulty form had.
fn to_mend(today: &Today, wanted: &Wanted, sent: &Sent) -> Option<(String, i16)> {
    let told = stay(today, wanted.mend.or_else(|| sent.get("mend")?.parse().ok())?)?;
    let marked = told.guests.iter().find(|guest| guest.verdict == GuestVerdict::Mismatch);
    let guest = marked.or_else(|| told.guests.first())?;
    Some((told.stay_id.to_string(), guest.number))
}

/// The words of a fault at no field of the form; else that fields are to be looked at.
fn trouble(page: &Page, faults: &[Fault], form: &ShownForm) -> &'static str {
    let fields = || form.guest.iter().chain(&form.stay).chain(&form.earlier);
    let elsewhere = faults.iter().find(|fault| fields().all(|field| field.name != fault.pointer));
    match elsewhere {
        Some(fault) => page.tell(&fault.text),
        None => page.say("Hãy xem lại:", "Please check:"),
    }
}

fn in_words(page: &Page, did: Did) -> &'static str {
    match did {
        Did::Left => page.say("Khách đã trả phòng.", "The guest has checked out."),
        Did::Changed => page.say("Đã lưu thay đổi.", "The change is saved."),
        Did::Cancelled => page.say("Đã hủy thông báo.", "The notice is cancelled."),
    }
}
