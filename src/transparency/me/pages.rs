//! `/me`: who looked at my data, and what I have agreed to, in words for everybody.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use askama::Template;
use serde::Deserialize;

use super::model::{EVENT, HistoryQuery, Look, Relation, Ward};
use super::service::{Me, MeError};
use crate::access::{Caller, Denied};
use crate::audit::{OfficerStanding, Outcome, Page as Part};
use crate::clients::labels;
use crate::consent::Consent;
use crate::http::page::Page;
use crate::http::{Problem, ProblemKind};
use crate::kernel::{AttributeSet, ConsentId, Instant, LegalBasis, ProcedureCode, TransactionId};

mod words;

/// Looks on one page.
const SHOWN: usize = 20;
/// Two years.
const SPAN: Duration = Duration::from_secs(731 * 24 * 3600);

/// Serves the page. Needs `Data<Me>`.
pub fn page_routes(config: &mut ServiceConfig) {
    config.service(web::resource("/me").get(show)).service(web::resource("/me/consents/{id}/withdraw").post(withdraw));
}

/// What of the history is shown; nothing in it tells who anybody is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    skip: usize,
    child: Option<TransactionId>,
    /// A consent was withdrawn just now.
    withdrawn: bool,
}

#[derive(Template)]
#[template(path = "transparency/me/pages/start.html")]
struct Start {
    page: Page,
}

#[derive(Template)]
#[template(path = "transparency/me/pages/me.html")]
struct Shown {
    page: Page,
    looks: Vec<ShownLook>,
    total: usize,
    /// Places of the first and last look shown, from 1.
    first: usize,
    last: usize,
    newer: Option<String>,
    older: Option<String>,
    children: Vec<Child>,
    /// The name of the child whose history this is.
    of_child: Option<String>,
    export: String,
    consents: Vec<ShownConsent>,
    withdrawn: bool,
}

struct Child {
    name: String,
    to: String,
}

struct ShownLook {
    at: String,
    who: String,
    unit: Option<String>,
    /// Whether the citizen did it.
    own: bool,
    did: &'static str,
    attributes: Vec<&'static str>,
    reasons: Vec<String>,
    outcome: &'static str,
    tone: &'static str,
    along: bool,
    place: String,
    transaction: TransactionId,
}

struct ShownConsent {
    id: ConsentId,
    who: String,
    attributes: Vec<&'static str>,
    procedure: Option<String>,
    given: String,
    until: String,
    withdrawn: Option<String>,
    in_force: bool,
}

/// The page of whoever signed in; what it is and how to sign in for everybody else.
async fn show(
    page: Page,
    caller: Result<Caller, Problem>,
    me: Data<Me>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let caller = match caller {
        Ok(caller) => caller,
        Err(problem) if problem.kind() == ProblemKind::Unauthorised => return start(page),
        Err(problem) => return Err(problem),
    };
    let now = me.now();
    let query = HistoryQuery {
        child: wanted.child,
        range: now.minus(SPAN)..now.plus(Duration::from_secs(1)),
        page: Part { skip: wanted.skip, limit: SHOWN },
        proofs: false,
    };
    let history = match me.history(&caller, query).await {
        Ok(history) => history,
        // Signed in to another page of this service.
        Err(MeError::Denied(Denied::InsufficientScope(_)) | MeError::NotACitizen) => return start(page),
        Err(error) => return Err(error.into()),
    };
    let (consents, _) = me.consents(&caller).await?;
    let place = |skip: usize| place(wanted.child, skip);
    let (skip, shown) = (wanted.skip.min(history.total), history.looks.len());
    let view = Shown {
        first: skip + 1,
        last: skip + shown,
        total: history.total,
        newer: (skip > 0).then(|| place(skip.saturating_sub(SHOWN))),
        older: (skip + shown < history.total).then(|| place(skip + SHOWN)),
        of_child: wanted.child.and_then(|child| name_of(&history.wards, child)),
        children: history.wards.iter().map(child).collect(),
        export: wanted.child.map(|child| format!("&child={child}")).unwrap_or_default(),
        looks: history.looks.iter().map(|look| look_in_words(&page, look)).collect(),
        consents: consents.iter().map(|consent| consent_in_words(&page, &me, consent, now)).collect(),
        withdrawn: wanted.withdrawn,
        page,
    };
    view.page.show(&view)
}

fn start(page: Page) -> Result<HttpResponse, Problem> {
    let view = Start { page };
    view.page.show(&view)
}

/// Withdraws a consent. The caller's session proves that the form is our own.
async fn withdraw(caller: Caller, me: Data<Me>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = id.parse().map_err(|_| ProblemKind::NotFound)?;
    me.withdraw(&caller, id).await?;
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, "/me?withdrawn=true#consents")).finish())
}

fn place(child: Option<TransactionId>, skip: usize) -> String {
    match child {
        Some(child) => format!("/me?child={child}&skip={skip}"),
        None => format!("/me?skip={skip}"),
    }
}

fn child(ward: &Ward) -> Child {
    Child { name: ward.full_name.expose().to_owned(), to: place(Some(ward.handle), 0) }
}

fn name_of(wards: &[Ward], child: TransactionId) -> Option<String> {
    wards.iter().find(|ward| ward.handle == child).map(|ward| ward.full_name.expose().to_owned())
}

fn attributes_in_words(page: &Page, attributes: AttributeSet) -> Vec<&'static str> {
    attributes.iter().map(|attribute| page.tell(&labels::attribute_label(attribute))).collect()
}

fn procedure_in_words(page: &Page, code: &ProcedureCode) -> String {
    labels::procedure_label(code).map_or_else(|| code.to_string(), |label| page.tell(&label).to_owned())
}

fn basis_in_words(page: &Page, code: &LegalBasis) -> String {
    labels::legal_basis_label(code).map_or_else(|| code.to_string(), |label| page.tell(&label).to_owned())
}

fn look_in_words(page: &Page, look: &Look) -> ShownLook {
    let (outcome, tone) = match look.outcome {
        Outcome::Answered => (page.say("Đã trả lời", "Answered"), "info"),
        Outcome::Replayed => (page.say("Trả lời lại", "Answered again"), "info"),
        Outcome::NoMatch => (page.say("Không khớp, không trả lời", "No match, not answered"), "plain"),
        Outcome::Refused => (page.say("Đã từ chối", "Refused"), "bad"),
    };
    let who = look.client_name.clone().or_else(|| look.client.as_ref().map(ToString::to_string));
    let by_file = look.client.is_none() && look.operation == EVENT;
    let reasons = [
        look.procedure.as_ref().map(|code| procedure_in_words(page, code)),
        look.legal_basis.as_ref().map(|basis| basis_in_words(page, basis)),
    ];
    ShownLook {
        at: page.time(look.at),
        who: who.unwrap_or_else(|| match by_file {
            true => page.say("Cơ quan quản lý dữ liệu dân cư", "The keeper of the population data").to_owned(),
            false => page.say("Chính bạn", "You yourself").to_owned(),
        }),
        unit: look.unit.as_ref().map(|(unit, standing)| match standing {
            OfficerStanding::Registered => unit.clone(),
            OfficerStanding::Asserted => {
                format!("{unit} ({})", page.say("cán bộ do nơi hỏi tự khai", "the officer is named by who asked"))
            }
        }),
        own: (look.client.is_none() && !by_file) || words::is_own(&look.operation),
        did: page.tell(&words::operation(&look.operation)),
        attributes: attributes_in_words(page, look.attributes),
        reasons: reasons.into_iter().flatten().collect(),
        outcome,
        tone,
        along: look.relation == Relation::AlongWithAnother,
        place: format!("{} · {}", look.receipt.log, look.receipt.log_index),
        transaction: look.transaction,
    }
}

fn consent_in_words(page: &Page, me: &Me, consent: &Consent, now: Instant) -> ShownConsent {
    ShownConsent {
        id: consent.id,
        who: me.client_name(&consent.client).unwrap_or_else(|| consent.client.to_string()),
        attributes: attributes_in_words(page, consent.attributes),
        procedure: consent.procedure.as_ref().map(|code| procedure_in_words(page, code)),
        given: page.time(consent.given_at),
        until: page.time(consent.until),
        withdrawn: consent.withdrawn_at.map(|at| page.time(at)),
        in_force: consent.in_force(now),
    }
}
