//! What every page of the desk has around it, and the pictures its camera sends.

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::{By, Desk, SCRIPT, Shift};
use crate::access::Caller;
use crate::clients::Operation;
use crate::http::Problem;
use crate::http::extract::{UploadTime, leave_unread, read_file_bytes};
use crate::http::page::{Asset, Page};
use crate::kernel::Instant;
use crate::qr::image::ImageFault;
use crate::qr::{Picture, QrError};

/// The longest picture: more than a frame of 1600 pixels takes as JPEG.
const LONGEST_FRAME: usize = 2 << 20;
const UPLOAD_TIME: UploadTime = UploadTime { at_least: Duration::from_secs(5), bytes_per_second: u64::MAX };

/// An instant to come or gone by, with how far it is.
pub(super) struct Countdown {
    /// The hour, with the day where it is another one.
    pub at: String,
    /// In the clock of a script, milliseconds since 1970.
    pub ms: i64,
    pub left: String,
}

impl Countdown {
    pub fn to(page: &Page, until: Instant, now: Instant) -> Self {
        let minutes = if until > now { until.since(now) } else { now.since(until) }.as_secs() / 60;
        let span = match minutes {
            0..120 => format!("{minutes} {}", page.say("phút", "min")),
            _ => format!("{} {} {} {}", minutes / 60, page.say("giờ", "h"), minutes % 60, page.say("phút", "min")),
        };
        let left = match until > now {
            true if page.is_vietnamese() => format!("còn {span}"),
            true => format!("{span} left"),
            false if page.is_vietnamese() => format!("quá hạn {span}"),
            false => format!("{span} overdue"),
        };
        Self { at: moment(until, now), ms: until.as_micros() / 1000, left }
    }
}

/// Hour and minute; with the day, where that is not today.
pub(super) fn moment(at: Instant, now: Instant) -> String {
    let (hour, minute) = at.hour_and_minute_in_viet_nam();
    let day = at.date_in_viet_nam();
    if day == now.date_in_viet_nam() {
        format!("{hour:02}:{minute:02}")
    } else {
        format!("{hour:02}:{minute:02} {:02}/{:02}", day.day(), day.month())
    }
}

pub(super) struct Choice {
    pub id: String,
    pub name: String,
}

pub(super) struct Here {
    pub id: String,
    pub name: String,
    /// Street, commune and province.
    pub place: String,
}

pub(super) struct Tab {
    pub to: String,
    pub text: &'static str,
    pub here: bool,
}

/// The frame of a page of the desk.
pub(super) struct Top {
    pub title: String,
    pub script: &'static Asset,
    pub now_ms: i64,
    pub facility: Here,
    pub facilities: Vec<Choice>,
    pub officer: String,
    /// Whether signing in by e-ID is offered.
    pub eid: bool,
    /// Of who arrives now.
    pub deadline: Countdown,
    pub tabs: Vec<Tab>,
}

impl Top {
    pub fn of(page: &Page, shift: &Shift, by: By) -> Self {
        let tab = |one: By| Tab {
            to: match one {
                By::Scan => "/desk".to_owned(),
                By::File => "/desk/file".to_owned(),
                other => format!("/desk?by={}", other.name()),
            },
            text: page.tell(&one.tab()),
            here: one == by,
        };
        let here = &shift.here;
        let choice = |told: &super::FacilityTold| Choice { id: told.facility_id.to_string(), name: told.name.clone() };
        Self {
            title: page.say("Quầy lễ tân", "Front desk").to_owned(),
            script: &SCRIPT,
            now_ms: shift.now.as_micros() / 1000,
            facility: Here {
                id: here.facility_id.to_string(),
                name: here.name.clone(),
                place: format!("{}, {}", here.address, here.commune_name),
            },
            facilities: shift.facilities.iter().map(choice).collect(),
            officer: shift.officer.clone(),
            eid: shift.eid,
            deadline: shift.deadline(page),
            tabs: By::ALL.into_iter().map(tab).collect(),
        }
    }
}

#[derive(Serialize)]
struct Read {
    text: String,
}

/// `POST /desk/frame`: the text of the code in one picture of the camera; 204 if there is none. The
/// text tells nothing that the picture did not: what it is worth is told when it is sent as a guest.
pub(super) async fn read(
    request: HttpRequest,
    caller: Caller,
    desk: Data<Desk>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    caller.require(Operation::StaysReport)?;
    let room = match desk.qr.room_for_a_picture(&caller).await {
        Ok(room) => room,
        Err(refusal) => {
            leave_unread(&request, body.into_inner());
            return Err(refusal.into());
        }
    };
    let bytes = read_file_bytes(&request, body.into_inner(), (LONGEST_FRAME, UPLOAD_TIME)).await?;
    match desk.qr.read_picture(Picture { bytes, room }).await {
        Ok(text) => Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Read { text })),
        Err(QrError::Image(ImageFault::NoSymbol)) => Ok(HttpResponse::NoContent().finish()),
        Err(error) => Err(error.into()),
    }
}
