//! A notice, read from JSON.

use serde::Deserialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::guest::one;
use crate::http::extract::{BoundedText, Expected, FromInput, List};
use crate::http::{Input, Json};
use crate::kernel::{CivilDate, FacilityId, Faults, Instant, Purpose, Text};
use crate::stays::model::{GuestGiven, Notice, Reason, check_times};

const NO_GUESTS: Text = Text::new("Cần ít nhất một khách.", "At least one guest is needed.");
const DEPARTURE: Text = Text::new(
    "Thời điểm đi phải theo RFC 3339, hoặc là ngày YYYY-MM-DD.",
    "A departure is an instant as RFC 3339 says, or a day YYYY-MM-DD.",
);
const NOT_JSON: Text = Text::new("Không phải một đối tượng JSON.", "This is no JSON object.");

/// When guests mean to leave: an instant, or a day, which means its last minute in Viet Nam.
#[derive(Clone, Copy)]
pub struct Departure(pub Instant);

impl FromInput for Departure {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        let day = CivilDate::parse(text).ok().and_then(|day| Instant::parse_rfc3339(&format!("{day}T23:59:00+07:00")));
        let instant = day.or_else(|| Instant::parse_rfc3339(text));
        instant.map(Self).ok_or_else(|| one("departure_format", DEPARTURE))
    }
}

impl PartialSchema for Departure {
    fn schema() -> RefOr<Schema> {
        let described = "An instant (RFC 3339), or a day (`YYYY-MM-DD`): its last minute in Viet Nam.";
        ObjectBuilder::new().schema_type(Type::String).description(Some(described)).into()
    }
}

impl ToSchema for Departure {}

/// Guests who arrived together at one of the caller's facilities.
#[derive(Deserialize, ToSchema)]
pub struct ReportRequest {
    facility_id: Input<FacilityId>,
    #[schema(required = false)]
    room: Input<BoundedText<50>>,
    arrival: Input<Instant>,
    #[schema(required = false)]
    planned_departure: Input<Departure>,
    reason: Input<Reason>,
    /// In the client's words, where the reason needs some.
    #[schema(required = false)]
    note: Input<BoundedText<500>>,
    /// 1 to 50.
    guests: Input<List<GuestGiven, { Notice::MOST_GUESTS }>>,
    purpose: Input<Purpose>,
}

impl ReportRequest {
    pub fn read(self, faults: &mut Faults) -> Option<(Notice, Purpose)> {
        let (notice, purpose) = self.split();
        let notice = notice.read(faults);
        let purpose = purpose.required("/purpose", faults);
        Some((notice?, purpose?))
    }

    fn split(self) -> (NoticeRequest, Input<Purpose>) {
        let Self { facility_id, room, arrival, planned_departure, reason, note, guests, purpose } = self;
        (NoticeRequest { facility_id, room, arrival, planned_departure, reason, note, guests }, purpose)
    }
}

/// The same without a purpose: one of a file.
#[derive(Deserialize)]
struct NoticeRequest {
    facility_id: Input<FacilityId>,
    room: Input<BoundedText<50>>,
    arrival: Input<Instant>,
    planned_departure: Input<Departure>,
    reason: Input<Reason>,
    note: Input<BoundedText<500>>,
    guests: Input<List<GuestGiven, { Notice::MOST_GUESTS }>>,
}

impl NoticeRequest {
    fn read(self, faults: &mut Faults) -> Option<Notice> {
        let facility_id = self.facility_id.required("/facility_id", faults);
        let room = self.room.optional("/room", faults);
        let arrival = self.arrival.required("/arrival", faults);
        let departure = self.planned_departure.optional("/planned_departure", faults);
        let reason = self.reason.required("/reason", faults);
        let note = self.note.optional("/note", faults);
        let guests = self.guests.required("/guests", faults).map(List::into_vec);
        let departure = departure.map(|departure| departure.map(|Departure(instant)| instant));
        if let (Some(arrival), Some(departure)) = (arrival, departure) {
            check_times(arrival, departure, "/planned_departure", faults);
        }
        let guests = guests?;
        if guests.is_empty() {
            faults.push("/guests", "no_guests", NO_GUESTS);
        }
        Some(Notice {
            facility_id: facility_id?,
            room: room?.map(BoundedText::into_string),
            arrival: arrival?,
            planned_departure: departure?,
            reason: reason?,
            note: note?.map(BoundedText::into_string),
            guests,
        })
    }
}

/// Reads one notice of a file as a single one is read.
///
/// # Errors
/// Every fault, with pointers relative to it.
pub fn read_notice(text: &[u8]) -> Result<Notice, Faults> {
    let read = Json::<NoticeRequest>::parse(text).and_then(|request| request.read(NoticeRequest::read));
    read.map_err(|problem| match problem.faults().is_empty() {
        true => one("not_json", NOT_JSON),
        false => problem.faults().clone(),
    })
}
