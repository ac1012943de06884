//! `/me`: who looked at my data, and what I have agreed to, in words for everybody.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use askama::Template;

use self::filter::{Choice, Filter, Wanted};
use super::model::{Doer, GroupedLooks, HistoryQuery, Look, LookGroup, LookKind, Relation, Ward, group_looks};
use super::service::{Me, MeError};
use crate::access::{Caller, Denied};
use crate::audit::{OfficerStanding, Page as Part};
use crate::clients::labels;
use crate::consent::Consent;
use crate::http::page::Page;
use crate::http::{Problem, ProblemKind};
use crate::kernel::{AttributeSet, ConsentId, Instant, LegalBasis, ProcedureCode, TransactionId};

mod filter;
mod words;

/// Lines on one page: whole days are shown, until there are as many.
const LINES_PER_PAGE: usize = 20;
/// Looks read for one page.
const LOOKS_READ: usize = 1_000;
/// Looks of a group that are told one by one; the export has the rest.
const LOOKS_PER_GROUP: usize = 100;

/// Serves the page. Needs `Data<Me>`.
pub fn page_routes(config: &mut ServiceConfig) {
    config.service(web::resource("/me").get(show)).service(web::resource("/me/consents/{id}/withdraw").post(withdraw));
}

#[derive(Template)]
#[template(path = "transparency/me/pages/start.html")]
struct StartView {
    page: Page,
}

#[derive(Template)]
#[template(path = "transparency/me/pages/me.html")]
struct HistoryView {
    page: Page,
    days: Vec<DayView>,
    /// Looks in the period, whatever the filter lets pass.
    total: usize,
    filter: FilterForm,
    newer: Option<String>,
    older: Option<String>,
    children: Vec<Child>,
    /// The name of the child whose history this is.
    of_child: Option<String>,
    export: String,
    consents: Vec<ConsentView>,
    withdrawn: bool,
}

/// The form of the filter, as it was last sent.
struct FilterForm {
    child: Option<TransactionId>,
    from: String,
    to: String,
    clients: Vec<Choice>,
    kinds: Vec<Choice>,
    /// Whether anything is filtered.
    set: bool,
}

struct DayView {
    day: String,
    groups: Vec<GroupView>,
}

struct Child {
    name: String,
    to: String,
}

/// Looks of a day that say the same.
struct GroupView {
    who: String,
    /// On whose page or request the citizen acted.
    through: Option<String>,
    sentence: String,
    attributes: String,
    /// Whether the attributes were disclosed, and not only asked for.
    disclosed: bool,
    reasons: String,
    outcome: &'static str,
    tone: &'static str,
    along: bool,
    count: usize,
    /// What is not told one by one here.
    untold: usize,
    looks: Vec<LookView>,
}

struct LookView {
    at: String,
    unit: Option<String>,
    place: String,
    transaction: TransactionId,
}

struct ConsentView {
    id: ConsentId,
    who: String,
    attributes: String,
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
    let filter = Filter::of(&wanted, now);
    let query = HistoryQuery {
        child: wanted.child,
        range: filter.range.clone(),
        page: Part { skip: wanted.skip, limit: LOOKS_READ },
        proofs: false,
    };
    let history = match me.history(&caller, query).await {
        Ok(history) => history,
        // Signed in to another page of this service.
        Err(MeError::Denied(Denied::InsufficientScope(_)) | MeError::NotACitizen) => return start(page),
        Err(error) => return Err(error.into()),
    };
    let (consents, _) = me.consents(&caller).await?;
    let complete = wanted.skip.saturating_add(history.looks.len()) >= history.total;
    let GroupedLooks { groups, consumed } =
        group_looks(&history.looks, |look| filter.passes(look), LINES_PER_PAGE, complete);
    let next = wanted.skip.saturating_add(consumed);
    let view = HistoryView {
        days: day_views(&page, &groups),
        total: history.total,
        newer: (wanted.skip > 0).then(|| filter.link(&wanted, None)),
        older: (next < history.total).then(|| filter.link(&wanted, Some(next))),
        filter: FilterForm {
            child: wanted.child,
            from: wanted.from.clone(),
            to: wanted.to.clone(),
            clients: filter.clients(&page, &history.looks),
            kinds: filter.kinds(&page),
            set: filter.is_set(),
        },
        of_child: wanted.child.and_then(|child| name_of(&history.wards, child)),
        children: history.wards.iter().map(child).collect(),
        export: wanted.child.map(|child| format!("&child={child}")).unwrap_or_default(),
        consents: consents.iter().map(|consent| consent_view(&page, &me, consent, now)).collect(),
        withdrawn: wanted.withdrawn,
        page,
    };
    view.page.show(&view)
}

fn start(page: Page) -> Result<HttpResponse, Problem> {
    let view = StartView { page };
    view.page.show(&view)
}

/// Withdraws a consent. The caller's session proves that the form is our own.
async fn withdraw(caller: Caller, me: Data<Me>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = id.parse().map_err(|_| ProblemKind::NotFound)?;
    me.withdraw(&caller, id).await?;
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, "/me?withdrawn=true#consents")).finish())
}

fn child(ward: &Ward) -> Child {
    Child { name: ward.full_name.expose().to_owned(), to: format!("/me?child={}", ward.handle) }
}

fn name_of(wards: &[Ward], child: TransactionId) -> Option<String> {
    wards.iter().find(|ward| ward.handle == child).map(|ward| ward.full_name.expose().to_owned())
}

/// Labels may hold commas.
fn attributes_in_words(page: &Page, attributes: AttributeSet) -> String {
    let labels: Vec<_> = attributes.iter().map(|attribute| page.tell(&labels::attribute_label(attribute))).collect();
    labels.join("; ")
}

fn procedure_in_words(page: &Page, code: &ProcedureCode) -> String {
    labels::procedure_label(code).map_or_else(|| code.to_string(), |label| page.tell(&label).to_owned())
}

fn basis_in_words(page: &Page, code: &LegalBasis) -> String {
    labels::legal_basis_label(code).map_or_else(|| code.to_string(), |label| page.tell(&label).to_owned())
}

fn day_views(page: &Page, groups: &[LookGroup<'_>]) -> Vec<DayView> {
    let days = groups.chunk_by(|left, right| left[0].day() == right[0].day());
    days.map(|groups| DayView {
        day: page.date(groups[0][0].day()),
        groups: groups.iter().map(|group| group_view(page, group)).collect(),
    })
    .collect()
}

fn group_view(page: &Page, group: &LookGroup<'_>) -> GroupView {
    let look = group[0];
    let (outcome, tone) = match look.kind() {
        LookKind::Answered => (page.say("Đã trả lời", "Answered"), "info"),
        LookKind::NoMatch => (page.say("Không khớp, không trả lời", "No match, not answered"), "plain"),
        LookKind::Refused | LookKind::OwnRefused => (page.say("Bị từ chối", "Refused"), "bad"),
        LookKind::Own if look.doer == Doer::Reader => (page.say("Việc của bạn", "Your own act"), "plain"),
        LookKind::Own => (page.say("Việc làm với tài khoản", "Done with the account"), "plain"),
    };
    let organisation = look.client_name.clone().or_else(|| look.client.as_ref().map(ToString::to_string));
    let who = match look.doer {
        Doer::Reader => page.say("Bạn", "You"),
        Doer::Child => page.say("Con bạn", "Your child"),
        Doer::Guardian => page.say("Cha, mẹ hoặc người đại diện khác", "Another parent or representative"),
        Doer::Keeper => page.say("Cơ quan quản lý dữ liệu dân cư", "The keeper of the population data"),
        Doer::Organisation => organisation.as_deref().unwrap_or_default(),
        Doer::Unknown => page.say("Người chưa xác định", "Somebody unknown"),
    };
    let reasons = [
        look.procedure.as_ref().map(|code| procedure_in_words(page, code)),
        look.legal_basis.as_ref().map(|basis| basis_in_words(page, basis)),
    ];
    let attributes = group.iter().fold(AttributeSet::EMPTY, |all, look| all.union(look.attributes));
    GroupView {
        who: who.to_owned(),
        through: organisation.filter(|_| look.doer != Doer::Organisation),
        sentence: words::sentence(page, look),
        attributes: attributes_in_words(page, attributes),
        disclosed: matches!(look.kind(), LookKind::Answered),
        reasons: reasons.into_iter().flatten().collect::<Vec<_>>().join("; "),
        outcome,
        tone,
        along: look.relation == Relation::AlongWithAnother,
        count: group.len(),
        untold: group.len().saturating_sub(LOOKS_PER_GROUP),
        looks: group.iter().take(LOOKS_PER_GROUP).map(|look| look_view(page, look)).collect(),
    }
}

fn look_view(page: &Page, look: &Look) -> LookView {
    LookView {
        at: page.time(look.at),
        unit: look.unit.as_ref().map(|(unit, standing)| match standing {
            OfficerStanding::Registered => unit.clone(),
            OfficerStanding::Asserted => {
                format!("{unit} ({})", page.say("cán bộ do nơi hỏi tự khai", "the officer is named by who asked"))
            }
        }),
        place: format!("{} · {}", look.receipt.log, look.receipt.log_index),
        transaction: look.transaction,
    }
}

fn consent_view(page: &Page, me: &Me, consent: &Consent, now: Instant) -> ConsentView {
    ConsentView {
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
