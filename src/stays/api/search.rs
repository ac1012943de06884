//! `POST /v1/stays/search`

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;
use serde::de::MapAccess;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::answers::{file, read};
use super::error;
use super::guest::{DocumentNumber, one};
use crate::access::Caller;
use crate::audit::Receipt;
use crate::citizens;
use crate::clients::Operation;
use crate::http::extract::{Expected, FromInput, List, Whole, read_object};
use crate::http::problem::ProblemBody;
use crate::http::{Arrival, Input, Json, Problem};
use crate::kernel::{
    CivilDate, CommuneCode, FacilityId, Faults, Instant, PartialDate, PersonName, Purpose, Sex, StayId, Text,
    TransactionId, UnitCode, Units,
};
use crate::stays::formats::{ExportRow, Format, export_csv, export_xlsx};
use crate::stays::model::{
    DocumentKind, FacilityKind, GuestReason, GuestSource, GuestVerdict, Reason, StayGuest, StayState,
};
use crate::stays::service::{ChangeTold, Cursor, DayCounts, Found, FoundStay, GuestSought, SEARCH, Search, Stays};

const MOST_UNITS: usize = 200;
const MOST_STAYS: i64 = 500;
const USUAL_STAYS: i64 = 100;

const UNIT: Text = Text::new("Không có mã đơn vị hành chính này.", "No unit has this code.");
const CURSOR: Text = Text::new("Con trỏ trang không hợp lệ.", "The cursor is none of this service's.");
const GUEST: Text =
    Text::new("Cần number, hoặc full_name cùng date_of_birth.", "Give number, or full_name with date_of_birth.");
const FORMAT: Text = Text::new("Dạng là json, csv hoặc xlsx.", "A format is json, csv or xlsx.");
const PERIOD: Text = Text::new("Khoảng thời gian kết thúc trước khi bắt đầu.", "The period ends before it begins.");

/// A province or commune of today's table.
#[derive(ToSchema)]
#[schema(value_type = String)]
struct Unit(UnitCode);

impl FromInput for Unit {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        let code = UnitCode::parse(text).ok().filter(|code| Units::shared().contains(*code));
        code.map(Self).ok_or_else(|| one("unit_unknown", UNIT))
    }
}

impl FromInput for Cursor {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        Self::parse(text).ok_or_else(|| one("cursor", CURSOR))
    }
}

impl PartialSchema for Cursor {
    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

impl ToSchema for Cursor {}

/// How what is found is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
enum Form {
    Json,
    Csv,
    Xlsx,
}

impl FromInput for Form {
    const EXPECTED: Expected = Expected::Text;

    fn from_text(text: &str) -> Result<Self, Faults> {
        match text {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "xlsx" => Ok(Self::Xlsx),
            _ => Err(one("format_unknown", FORMAT)),
        }
    }
}

/// Whom a search is for: by `number` of a document, or by `full_name` and `date_of_birth`.
#[derive(Deserialize, ToSchema)]
pub struct SoughtRequest {
    #[schema(required = false, value_type = String)]
    number: Input<DocumentNumber>,
    #[schema(required = false)]
    full_name: Input<PersonName>,
    #[schema(required = false)]
    date_of_birth: Input<PartialDate>,
}

impl FromInput for GuestSought {
    const EXPECTED: Expected = Expected::Object;

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Result<Self, Faults>, A::Error> {
        read_object(object, |request: SoughtRequest, faults| {
            let number = request.number.optional("/number", faults);
            let name = request.full_name.optional("/full_name", faults);
            let birth = request.date_of_birth.optional("/date_of_birth", faults);
            match (number?, name?, birth?) {
                (Some(DocumentNumber(number)), None, None) => Some(Self::Number(number)),
                (None, Some(name), Some(birth)) => Some(Self::NameAndBirth(name, birth)),
                _ => {
                    faults.push("", "one_of", GUEST);
                    None
                }
            }
        })
    }
}

impl PartialSchema for GuestSought {
    fn schema() -> RefOr<Schema> {
        SoughtRequest::schema()
    }
}

impl ToSchema for GuestSought {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        SoughtRequest::schemas(schemas);
    }
}

/// What is sought; all of it must fit.
#[derive(Deserialize, ToSchema)]
pub struct SearchRequest {
    /// Codes of communes or provinces, within the agreement's; all of these if it is missing.
    #[schema(required = false, value_type = Vec<String>)]
    units: Input<List<Unit, MOST_UNITS>>,
    #[schema(required = false)]
    facility_id: Input<FacilityId>,
    /// Stays that had not ended by then.
    #[schema(required = false)]
    from: Input<Instant>,
    /// Stays that began before.
    #[schema(required = false)]
    until: Input<Instant>,
    #[schema(required = false)]
    guest: Input<GuestSought>,
    /// Whose counts are told; today in Viet Nam, if it is missing.
    #[schema(required = false)]
    day: Input<CivilDate>,
    /// Stays of a page; 100 if it is missing.
    #[schema(required = false)]
    limit: Input<Whole<1, { MOST_STAYS }>>,
    /// `next` of the page before.
    #[schema(required = false)]
    cursor: Input<Cursor>,
    /// `json` (the default), `csv` or `xlsx`: the same page as a table.
    #[schema(required = false, value_type = String)]
    format: Input<Form>,
    purpose: Input<Purpose>,
}

impl SearchRequest {
    fn read(self, faults: &mut Faults) -> Option<(Search, Form)> {
        let units = self.units.optional("/units", faults);
        let facility = self.facility_id.optional("/facility_id", faults);
        let from = self.from.optional("/from", faults);
        let until = self.until.optional("/until", faults);
        let guest = self.guest.optional("/guest", faults);
        let day = self.day.optional("/day", faults);
        let limit = self.limit.optional("/limit", faults);
        let cursor = self.cursor.optional("/cursor", faults);
        let form = self.format.optional("/format", faults);
        let purpose = self.purpose.required("/purpose", faults);
        if let (Some(Some(from)), Some(Some(until))) = (from, until)
            && until <= from
        {
            faults.push("/until", "period", PERIOD);
        }
        let limit = limit?.map_or(USUAL_STAYS, Whole::get);
        let search = Search {
            units: units?.map(List::into_vec).unwrap_or_default().into_iter().map(|Unit(code)| code).collect(),
            facility: facility?,
            from: from?,
            until: until?,
            guest: guest?,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            day: day?,
            cursor: cursor?,
            purpose: purpose?,
        };
        Some((search, form?.unwrap_or(Form::Json)))
    }
}

/// A guest as the authority sees them.
#[derive(Serialize, ToSchema)]
pub struct FoundGuest<'a> {
    number: i16,
    source: GuestSource,
    verdict: GuestVerdict,
    reason: GuestReason,
    /// Known as a citizen who is reported at another facility for the same time, in a notice that stands. Worked out
    /// now; whoever was not verified is not compared.
    elsewhere: bool,
    #[schema(value_type = Option<String>)]
    full_name: Option<&'a PersonName>,
    #[schema(value_type = Option<String>)]
    date_of_birth: Option<PartialDate>,
    #[schema(value_type = Option<String>)]
    sex: Option<Sex>,
    nationality: Option<&'a str>,
    document_kind: Option<DocumentKind>,
    document_number: Option<&'a str>,
    address: Option<&'a str>,
    phone: Option<&'a str>,
}

impl<'a> FoundGuest<'a> {
    fn of(guest: &'a StayGuest, elsewhere: bool) -> Self {
        let details = &guest.details;
        let document = details.document.as_ref();
        Self {
            number: guest.number,
            source: details.source,
            verdict: guest.verdict(),
            reason: guest.reason,
            elsewhere,
            full_name: details.full_name.as_ref(),
            date_of_birth: details.date_of_birth,
            sex: details.sex,
            nationality: details.nationality.as_deref(),
            document_kind: document.map(|document| document.kind),
            document_number: document.map(|document| document.number.as_str()),
            address: details.address.as_deref(),
            phone: details.phone.as_deref(),
        }
    }
}

/// Where it is.
#[derive(Serialize, ToSchema)]
pub struct FoundFacility<'a> {
    #[schema(value_type = String)]
    facility_id: FacilityId,
    name: &'a str,
    kind: FacilityKind,
    #[schema(value_type = String)]
    commune: CommuneCode,
    address: &'a str,
}

/// A stay as the authority sees it.
#[derive(Serialize, ToSchema)]
pub struct FoundStayTold<'a> {
    #[schema(value_type = String)]
    stay_id: StayId,
    facility: FoundFacility<'a>,
    state: StayState,
    room: Option<&'a str>,
    #[schema(value_type = String)]
    arrival: Instant,
    #[schema(value_type = Option<String>)]
    planned_departure: Option<Instant>,
    #[schema(value_type = Option<String>)]
    left_at: Option<Instant>,
    reason: Reason,
    note: Option<&'a str>,
    #[schema(value_type = String)]
    received_at: Instant,
    on_time: bool,
    /// Those who were not taken back.
    guests: Vec<FoundGuest<'a>>,
    history: Vec<ChangeTold>,
}

impl<'a> FoundStayTold<'a> {
    fn of(FoundStay { stay, facility, elsewhere }: &'a FoundStay) -> Self {
        let guest = |guest: &'a StayGuest| FoundGuest::of(guest, elsewhere.contains(&guest.number));
        Self {
            stay_id: stay.id,
            facility: FoundFacility {
                facility_id: facility.id,
                name: &facility.name,
                kind: facility.kind,
                commune: facility.commune,
                address: &facility.address,
            },
            state: stay.state,
            room: stay.room.as_deref(),
            arrival: stay.arrival,
            planned_departure: stay.planned_departure,
            left_at: stay.left_at,
            reason: stay.reason,
            note: stay.note.as_deref(),
            received_at: stay.received_at,
            on_time: stay.on_time,
            guests: stay.present().map(guest).collect(),
            history: stay.history.iter().map(ChangeTold::of).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SearchResponse<'a> {
    #[schema(value_type = String)]
    transaction_id: TransactionId,
    /// Newest arrival first.
    stays: Vec<FoundStayTold<'a>>,
    /// For the next page; `null` on the last.
    next: Option<String>,
    counts: DayCounts,
    audit: &'a Receipt,
}

/// Searches reported stays
///
/// Within the units of the caller's agreement: for the authority of a commune. Every guest who is told
/// of sees the search in their access history.
#[utoipa::path(
    post,
    path = "/v1/stays/search",
    tag = "stays",
    request_body = SearchRequest,
    responses(
        (status = 200, description = "A page of what was found", content(
            (SearchResponse<'_> = "application/json"), (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        )),
        (status = 401, description = "No valid access token", body = ProblemBody<'_>),
        (status = 403, description = "Outside the token, the agreement or its units", body = ProblemBody<'_>),
        (status = 422, description = "Faulty members", body = ProblemBody<'_>),
        (status = 429, description = "Over quota", body = ProblemBody<'_>),
        (status = 503, description = "The database or the audit log is away", body = ProblemBody<'_>),
    ),
    security(("access_token" = ["stays:read"])),
)]
pub async fn search(
    caller: Caller,
    arrival: Arrival,
    stays: Data<Stays>,
    body: Json<SearchRequest>,
) -> Result<HttpResponse, Problem> {
    let named = (Operation::StaysRead, SEARCH);
    let (command, form) = read(&stays, &caller, named, (body, SearchRequest::read)).await?;
    let found = match stays.search(&caller, command).await {
        Ok(found) => found,
        Err(refusal) => return Err(error::problem(refusal, &arrival).await),
    };
    match form {
        Form::Json => {
            let response = SearchResponse {
                transaction_id: found.transaction,
                stays: found.stays.iter().map(FoundStayTold::of).collect(),
                next: found.next.map(|cursor| cursor.to_string()),
                counts: found.counts,
                audit: &found.audit,
            };
            Ok(citizens::answer(&response, &found.standing))
        }
        Form::Csv => Ok(page(Format::Csv, &found, export_csv(&rows(&found)))),
        Form::Xlsx => {
            let bytes = export_xlsx(&rows(&found)).map_err(|error| Problem::internal(&error))?;
            Ok(page(Format::Xlsx, &found, bytes))
        }
    }
}

fn rows(found: &Found) -> Vec<ExportRow<'_>> {
    let rows = found.stays.iter();
    rows.map(|FoundStay { stay, facility, elsewhere }| ExportRow { stay, facility, elsewhere }).collect()
}

/// A page as a file; where the next begins stands in a header.
fn page(format: Format, found: &Found, bytes: Vec<u8>) -> HttpResponse {
    let mut response = file(format, "stays", bytes);
    let next = found.next.and_then(|next| HeaderValue::try_from(next.to_string()).ok());
    if let Some(next) = next {
        response.headers_mut().insert(HeaderName::from_static("next-cursor"), next);
    }
    response
}
