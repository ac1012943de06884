//! `/portal`: a sample of what a portal does with a prefilled form, CT01, for trials. A citizen signs
//! in by e-ID and finds what the population data hold, each value with where it comes from; or has
//! their card's text read, which fills only what the card says. The rest is typed. The back end that
//! takes the form is a sample, too: it checks, counts out a reference and keeps nothing.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::model::{Form, FormCode};
use super::service::{Forms, FormsError, Outcome, Prefill};
use crate::access::{Caller, Denied};
use crate::citizens::CitizensError;
use crate::http::page::{Link, Notice, Page, Tone};
use crate::http::{Problem, ProblemKind};
use crate::kernel::purpose::CodeFault;
use crate::kernel::{AttributeSet, Entropy, LegalBasis, ProcedureCode, Purpose, Text, TransactionId};
use crate::qr::card::CardText;

mod asked;
mod card;

use self::asked::{Asked, Group, Kind};

/// The form, and the procedure it is for: registration of permanent residence.
const FORM: &str = "ct01";
pub const PORTAL_PROCEDURE: &str = "1.004222";

/// The sample portal.
#[derive(Clone)]
pub struct Portal {
    pub forms: Forms,
    pub entropy: std::sync::Arc<dyn Entropy>,
}

impl Portal {
    /// What a citizen is asked to share.
    pub fn attributes(&self) -> AttributeSet {
        let form = FormCode::parse(FORM).and_then(|code| self.forms.find(&code));
        form.map_or(AttributeSet::EMPTY, |form| form.attributes())
    }
}

/// Serves the portal. Needs `Data<Portal>`.
pub fn portal_routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/portal").get(show))
        .service(web::resource("/portal/card").post(read_card))
        .service(web::resource("/portal/submit").post(submit));
}

#[derive(Template)]
#[template(path = "forms/pages/start.html")]
struct Start {
    page: Page,
    fault: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "forms/pages/form.html")]
struct Shown<'a> {
    page: Page,
    title: &'a str,
    /// Who is signed in, or whether a card was read.
    signed_in: bool,
    groups: Vec<Group>,
    /// Fields that need not be typed, of how many.
    given: usize,
    of: usize,
    faulty: bool,
}

#[derive(Template)]
#[template(path = "forms/pages/receipt.html")]
struct Receipt<'a> {
    page: Page,
    title: &'a str,
    reference: String,
    lines: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct CardForm {
    card: String,
}

/// The form of whoever signed in; the ways to begin for everybody else.
async fn show(page: Page, caller: Result<Caller, Problem>, portal: Data<Portal>) -> Result<HttpResponse, Problem> {
    let caller = match caller {
        Ok(caller) => caller,
        Err(problem) if problem.kind() == ProblemKind::Unauthorised => return start(page, None),
        Err(problem) => return Err(problem),
    };
    let code = FormCode::parse(FORM).ok_or(ProblemKind::NotFound)?;
    let answer = portal.forms.prefill(&caller, Prefill { code, anchor: None, purpose: purpose()? }).await;
    let answer = match answer {
        Ok(answer) => answer,
        // Signed in to another page of this service.
        Err(FormsError::NobodyNamed | FormsError::Citizens(CitizensError::Denied(Denied::InsufficientScope(_)))) => {
            return start(page, None);
        }
        Err(refusal) => return Err(refusal.into()),
    };
    if answer.outcome != Outcome::Filled {
        return not_for_this_record(page);
    }
    let asked = Asked { page: &page, form: &answer.form, filled: Some(&answer.filled) };
    let groups = asked.groups(&answer.filled.values, &[]);
    form(page, &answer.form, true, groups, StatusCode::OK)
}

/// Fills the form with what the card's text says, and asks nobody.
async fn read_card(page: Page, portal: Data<Portal>, sent: web::Form<CardForm>) -> Result<HttpResponse, Problem> {
    let card = match CardText::parse(&sent.card) {
        Ok(card) => card,
        Err(fault) => return start(page, Some(card::fault_in_words(&fault))),
    };
    let definition = definition(&portal)?;
    let asked = Asked { page: &page, form: &definition, filled: None };
    let groups = asked.groups(&card::values(&card), &[]);
    form(page, &definition, false, groups, StatusCode::OK)
}

/// Takes the form as the sample back end does.
async fn submit(
    page: Page,
    portal: Data<Portal>,
    sent: web::Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let definition = definition(&portal)?;
    let asked = Asked { page: &page, form: &definition, filled: None };
    let (values, faults) = asked.read(&sent);
    if !faults.is_empty() {
        let groups = asked.groups(&values, &faults);
        return form(page, &definition, false, groups, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let lines = asked.lines(&values);
    let reference = TransactionId::random(&*portal.entropy).to_string();
    let view = Receipt { title: title(&page, &definition), reference, lines, page: page.clone() };
    page.show(&view)
}

fn form(
    page: Page,
    definition: &Form,
    signed_in: bool,
    groups: Vec<Group>,
    status: StatusCode,
) -> Result<HttpResponse, Problem> {
    let fields = || groups.iter().flat_map(|group| &group.fields);
    let view = Shown {
        title: title(&page, definition),
        signed_in,
        given: fields().filter(|field| field.source.is_some()).count(),
        of: fields().count(),
        faulty: fields().any(|field| field.fault.is_some()),
        groups,
        page: page.clone(),
    };
    page.show_as(status, &view)
}

fn start(page: Page, fault: Option<Text>) -> Result<HttpResponse, Problem> {
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = Start { fault: fault.map(|fault| page.tell(&fault)), page };
    view.page.show_as(status, &view)
}

fn not_for_this_record(page: Page) -> Result<HttpResponse, Problem> {
    let text = Text::new(
        "Dữ liệu dân cư của bạn hiện không dùng để điền tờ khai được. Hãy đến bộ phận một cửa với thẻ căn cước.",
        "Your record cannot be used to fill a form just now. Go to the one-stop desk with your identity card.",
    );
    let notice = Notice {
        tone: Tone::Warning,
        title: page.say("Chưa điền sẵn được", "The form cannot be prefilled").to_owned(),
        paragraphs: vec![page.tell(&text).to_owned()],
        next: Some(Link { to: "/".to_owned(), text: page.say("Về trang đầu", "Go to the start page").to_owned() }),
        reference: page.reference(),
        page,
    };
    notice.page.show(&notice)
}

fn definition(portal: &Portal) -> Result<std::sync::Arc<Form>, Problem> {
    let found = FormCode::parse(FORM).and_then(|code| portal.forms.find(&code));
    found.ok_or_else(|| ProblemKind::NotFound.into())
}

fn title<'a>(page: &Page, form: &'a Form) -> &'a str {
    page.say(&form.title.vi, &form.title.en)
}

fn purpose() -> Result<Purpose, Problem> {
    let code = |fault: CodeFault| Problem::internal(&fault);
    Ok(Purpose {
        procedure: ProcedureCode::parse(PORTAL_PROCEDURE).map_err(code)?,
        legal_basis: LegalBasis::parse(LegalBasis::STATE_DUTY).map_err(code)?,
        officer: None,
        consent: None,
    })
}

/// A value as a person reads and types it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
