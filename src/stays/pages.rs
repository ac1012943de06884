//! `/desk`: the front desk of a lodging. A receptionist, who is an officer of the client, scans or
//! types guests, sees at once what verifying them came to, and keeps the list of the day.

use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::Stays;
use super::model::Deadline;
use super::service::{FacilityTold, StaysError};
use crate::access::{Access, Caller, Denied};
use crate::citizens::CitizensError;
use crate::http::page::{Asset, Link, Notice, Page, Tone};
use crate::http::{Problem, ProblemKind};
use crate::kernel::purpose::CodeFault;
use crate::kernel::{Clock, Entropy, FacilityId, Instant, LegalBasis, ProcedureCode, Purpose, Text};
use crate::qr::Qr;

mod asked;
mod change;
mod check_in;
mod entering;
mod filled_in;
mod frame;
mod list;
mod receipt;
mod shown;
mod upload;

pub use self::entering::{DeskLink, desk_link};
use self::frame::Countdown;

/// Notification of stays (Circular 55/2021/TT-BCA).
const PROCEDURE: &str = "2.001159";

static SCRIPT: Asset = Asset::script("desk.js", include_bytes!("pages/desk.js"));

/// The front desk.
#[derive(Clone)]
pub struct Desk {
    pub stays: Stays,
    pub access: Arc<Access>,
    pub qr: Qr,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Whether receptionists may sign in by e-ID, too.
    pub eid: bool,
}

/// Serves the desk. Needs `Data<Desk>`.
pub fn desk_routes(config: &mut ServiceConfig) {
    SCRIPT.route(config);
    super::printed::STYLE.route(config);
    config
        .service(web::resource("/desk").get(list::show))
        .service(web::resource("/desk/open").get(entering::ask).post(entering::open))
        .service(web::resource("/desk/facility").post(entering::choose))
        .service(web::resource("/desk/eid").post(entering::bind))
        .service(web::resource("/desk/leave").post(entering::leave))
        .service(web::resource("/desk/check-in").post(check_in::check_in))
        .service(web::resource("/desk/frame").post(frame::read))
        .service(web::resource("/desk/file").get(upload::show))
        .service(web::resource("/desk/upload").post(upload::take))
        .service(web::resource("/desk/stays/{id}/receipt").get(receipt::show))
        .service(web::resource("/desk/stays/{id}/check-out").post(change::check_out))
        .service(web::resource("/desk/stays/{id}/change").post(change::change))
        .service(web::resource("/desk/stays/{id}/cancel").post(change::cancel));
}

/// Which way of reporting a page offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum By {
    #[default]
    Scan,
    /// Number, name and birth date, typed from a card.
    Number,
    /// A child without a card, somebody whose card is lost.
    Paper,
    Passport,
    File,
}

impl By {
    const ALL: [Self; 5] = [Self::Scan, Self::Number, Self::Paper, Self::Passport, Self::File];

    const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Number => "number",
            Self::Paper => "paper",
            Self::Passport => "passport",
            Self::File => "file",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.name() == name)
    }

    const fn tab(self) -> Text {
        match self {
            Self::Scan => Text::new("Quét thẻ", "Scan"),
            Self::Number => Text::new("Gõ số", "Type"),
            Self::Paper => Text::new("Không có thẻ", "No card"),
            Self::Passport => Text::new("Hộ chiếu", "Passport"),
            Self::File => Text::new("Nộp tệp", "File"),
        }
    }
}

/// Who works at the desk, and where.
struct Shift {
    caller: Caller,
    officer: String,
    eid: bool,
    facilities: Vec<FacilityTold>,
    /// One of these.
    here: FacilityTold,
    now: Instant,
}

impl Shift {
    /// The shift of whoever signed in: at the facility of the form, else at the one this browser
    /// chose, else at the first. `Err` is the page that is shown instead.
    async fn of(
        page: &Page,
        caller: Result<Caller, Problem>,
        request: &HttpRequest,
        desk: &Desk,
        named: Option<FacilityId>,
    ) -> Result<Result<Self, HttpResponse>, Problem> {
        let start = |over| entering::start(page.clone(), desk, over).map(Err);
        let caller = match caller {
            Ok(caller) => caller,
            Err(problem) if problem.kind() == ProblemKind::Unauthorised => return start(false),
            Err(problem) => return Err(problem),
        };
        let officer = match (&caller.officer, &caller.citizen) {
            // A session is only that of an officer whom the client still lists.
            (Some(officer), _) => officer.id.to_string(),
            // Signed in to this page by e-ID: such a session allows nothing by itself.
            (None, Some(citizen)) if caller.scopes.is_empty() => {
                return entering::by_eid(page.clone(), request, desk, citizen).await.map(Err);
            }
            // Signed in to another page of this service.
            _ => return start(false),
        };
        let facilities = match desk.stays.facilities(&caller).await {
            Ok(facilities) => facilities,
            Err(StaysError::Citizens(CitizensError::Denied(Denied::InsufficientScope(_)))) => return start(false),
            Err(error) => return Err(error.into()),
        };
        let find = |id: FacilityId| facilities.iter().find(|told| told.facility_id == id).cloned();
        let here = match named {
            Some(id) => Some(find(id).ok_or(ProblemKind::NotFound)?),
            None => entering::chosen_facility(request).and_then(find).or_else(|| facilities.first().cloned()),
        };
        let Some(here) = here else { return no_facility(page.clone()).map(Err) };
        Ok(Ok(Self { caller, officer, eid: desk.eid, facilities, here, now: desk.clock.now() }))
    }

    /// The same at the facility that a form names.
    fn at(self, named: Option<&str>) -> Result<Self, Problem> {
        let Some(id) = named else { return Ok(self) };
        let found = self.facilities.iter().find(|told| told.facility_id.to_string() == id).cloned();
        let here = found.ok_or(ProblemKind::NotFound)?;
        Ok(Self { here, ..self })
    }

    /// The deadline of who arrives now.
    fn deadline(&self, page: &Page) -> Countdown {
        Countdown::to(page, Deadline::of(self.now).instant(), self.now)
    }
}

fn no_facility(page: Page) -> Result<HttpResponse, Problem> {
    let text = page.say(
        "Chưa có cơ sở nào được đăng ký để bạn báo khách. Hãy liên hệ người quản trị.",
        "No facility is registered for you to report guests for. Ask your administrator.",
    );
    let notice = Notice {
        tone: Tone::Warning,
        title: page.say("Chưa có cơ sở", "No facility").to_owned(),
        paragraphs: vec![text.to_owned()],
        next: Some(Link { to: "/".to_owned(), text: page.say("Về trang đầu", "Go to the start page").to_owned() }),
        reference: page.reference(),
        page,
    };
    notice.page.show(&notice)
}

/// Why the desk asks; the officer is the session's.
fn purpose(caller: &Caller) -> Result<Purpose, Problem> {
    let code = |fault: CodeFault| Problem::internal(&fault);
    Ok(Purpose {
        procedure: ProcedureCode::parse(PROCEDURE).map_err(code)?,
        legal_basis: LegalBasis::parse(LegalBasis::STAY_NOTIFICATION).map_err(code)?,
        officer: caller.officer.clone(),
        consent: None,
    })
}

fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, to)).finish()
}
