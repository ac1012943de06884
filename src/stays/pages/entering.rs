//! How a receptionist comes to the desk, and leaves it: a one-time link, the facility they work at.

use std::sync::Arc;
use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::web::{Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::{Desk, see_other};
use crate::access::{Access, Caller, CitizenGrant, cookie_of, is_own_origin};
use crate::audit::{Operator, OperatorAct};
use crate::http::page::Page;
use crate::http::{AnonymousRequest, Problem, ProblemKind};
use crate::kernel::{ClientId, FacilityId, Officer};
use crate::stays::service::desk_session;
use crate::storage::StorageError;

/// Which facility this browser's desk is at. It names no person.
const FACILITY_COOKIE: &str = "dancu_desk_facility";
const FACILITY_KEPT: Duration = Duration::from_secs(365 * 24 * 3600);

/// The code of who binds their e-ID, while they sign in with it.
const BINDING_COOKIE: &str = "dancu_desk_eid";
/// As long as a sign-in may take, and a little more.
const BINDING: Duration = Duration::from_secs(10 * 60);

/// The path that opens the desk by a link's code.
pub const OPEN_PATH: &str = "/desk/open";

/// For whom a link opens the desk, and until when it can be used.
#[derive(Debug, Clone)]
pub struct DeskLink {
    pub client: ClientId,
    pub officer: Officer,
    pub lifetime: Duration,
}

/// A link that opens the desk of an officer once: path and query.
///
/// # Errors
/// If the store cannot be asked.
pub async fn desk_link(access: &Arc<Access>, link: DeskLink, by: &Operator) -> Result<String, StorageError> {
    let DeskLink { client, officer, lifetime } = link;
    let act = OperatorAct {
        operation: "links.desk",
        target: format!("{client} {}/{}", officer.unit, officer.id),
        concerned: vec![client.clone()],
    };
    let (access, session) = (access.clone(), desk_session(client, officer));
    let code = by.change(act, move |tx| access.page_link_in(tx, &session, lifetime)).await?;
    Ok(format!("{OPEN_PATH}?code={}", code.expose()))
}

#[derive(Template)]
#[template(path = "stays/pages/start.html")]
struct Start {
    page: Page,
    /// Whether signing in by e-ID is offered.
    eid: bool,
    /// A link was followed that opens nothing.
    over: bool,
    /// Somebody signed in by an e-ID that is no receptionist's.
    stranger: bool,
}

/// The page for whoever is not signed in.
pub(super) fn start(page: Page, desk: &Desk, over: bool) -> Result<HttpResponse, Problem> {
    let view = Start { page, eid: desk.eid, over, stranger: false };
    let status = if over { StatusCode::GONE } else { StatusCode::OK };
    view.page.show_as(status, &view)
}

/// Goes on to sign in by e-ID, which signs this officer in from then on.
pub(super) async fn bind(caller: Caller, desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    let Some(officer) = caller.officer.clone().filter(|_| desk.eid) else { return Err(ProblemKind::NotFound.into()) };
    let code = desk.access.page_link(desk_session(caller.client.id.clone(), officer), BINDING).await;
    let code = code.map_err(|fault| Problem::internal(&fault))?;
    let mut response = see_other("/signin?to=/desk");
    let cookie = desk_cookie(&desk, BINDING_COOKIE, code.expose().to_owned(), BINDING);
    response.add_cookie(&cookie).map_err(|fault| Problem::internal(&fault))?;
    Ok(response)
}

/// From a session that only says who somebody is to that of the officer they are.
pub(super) async fn by_eid(
    page: Page,
    request: &HttpRequest,
    desk: &Desk,
    citizen: &CitizenGrant,
) -> Result<HttpResponse, Problem> {
    let code = cookie_of(request, BINDING_COOKIE).map(str::to_owned);
    let replaced = cookie_of(request, desk.access.session_cookie_name()).map(str::to_owned);
    let opened = desk.stays.open_desk(citizen, code, replaced.clone()).await;
    let Some(session) = opened.map_err(|fault| Problem::internal(&fault))? else {
        if let Some(cookie) = replaced {
            desk.access.close_session(&cookie).await.map_err(|fault| Problem::internal(&fault))?;
        }
        let view = Start { page, eid: desk.eid, over: false, stranger: true };
        let mut response = view.page.show_as(StatusCode::FORBIDDEN, &view)?;
        append_cookie(&mut response, &desk.access.forget_cookie());
        return Ok(response);
    };
    let mut response = see_other("/desk");
    append_cookie(&mut response, &session.header_value());
    end_binding(&mut response, desk)?;
    Ok(response)
}

/// At a desk that several people share, nobody ends what another began.
fn end_binding(response: &mut HttpResponse, desk: &Desk) -> Result<(), Problem> {
    let over = desk_cookie(desk, BINDING_COOKIE, String::new(), Duration::ZERO);
    response.add_cookie(&over).map_err(|fault| Problem::internal(&fault))
}

fn desk_cookie(desk: &Desk, name: &'static str, value: String, lives: Duration) -> Cookie<'static> {
    let mut cookie = Cookie::new(name, value);
    cookie.set_path("/desk");
    cookie.set_http_only(true);
    cookie.set_secure(desk.access.config().is_secure());
    cookie.set_same_site(SameSite::Lax);
    cookie.set_max_age(time::Duration::seconds(i64::try_from(lives.as_secs()).unwrap_or(0)));
    cookie
}

#[derive(Deserialize)]
pub(super) struct Coded {
    code: String,
}

#[derive(Template)]
#[template(path = "stays/pages/open.html")]
struct Open {
    page: Page,
    code: String,
    officer: String,
    unit: String,
    client: String,
    /// Whether a session is open in this browser, which ends.
    replaces: bool,
}

/// Shows who a link signs in where. It uses nothing up: mail programs and browsers look ahead.
pub(super) async fn ask(
    page: Page,
    request: HttpRequest,
    coded: Query<Coded>,
    desk: Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let found = desk.stays.who_opens_desk(&coded.code).await.map_err(|fault| Problem::internal(&fault))?;
    let Some((client, officer)) = found else { return start(page, &desk, true) };
    let view = Open {
        page,
        code: coded.into_inner().code,
        officer: officer.id.to_string(),
        unit: officer.unit.to_string(),
        client: client.name.clone(),
        replaces: cookie_of(&request, desk.access.session_cookie_name()).is_some(),
    };
    view.page.show(&view)
}

/// Opens the session of a link, once. What was open in this browser ends.
pub(super) async fn open(
    page: Page,
    request: HttpRequest,
    coded: Form<Coded>,
    desk: Data<Desk>,
) -> Result<HttpResponse, Problem> {
    if !is_own_origin(&request, desk.access.config().origin()) {
        return Err(ProblemKind::Forbidden.into());
    }
    AnonymousRequest::admit(&request)?;
    let replaced = cookie_of(&request, desk.access.session_cookie_name()).map(str::to_owned);
    let opened = desk.stays.open_desk_by_link(&coded.code, replaced).await;
    let Some(session) = opened.map_err(|fault| Problem::internal(&fault))? else { return start(page, &desk, true) };
    let mut response = see_other("/desk");
    append_cookie(&mut response, &session.header_value());
    end_binding(&mut response, &desk)?;
    Ok(response)
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    facility_id: FacilityId,
}

/// Works at another facility from now on.
pub(super) async fn choose(caller: Caller, chosen: Form<Chosen>, desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    let facilities = desk.stays.facilities(&caller).await?;
    if !facilities.iter().any(|told| told.facility_id == chosen.facility_id) {
        return Err(ProblemKind::NotFound.into());
    }
    let id = chosen.facility_id.to_string();
    let cookie = desk_cookie(&desk, FACILITY_COOKIE, id, FACILITY_KEPT);
    let mut response = see_other("/desk");
    response.add_cookie(&cookie).map_err(|fault| Problem::internal(&fault))?;
    Ok(response)
}

/// The facility that this browser chose.
pub(super) fn chosen_facility(request: &HttpRequest) -> Option<FacilityId> {
    cookie_of(request, FACILITY_COOKIE)?.parse().ok()
}

/// Ends the session.
pub(super) async fn leave(request: HttpRequest, desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    let access = &desk.access;
    if !is_own_origin(&request, access.config().origin()) {
        return Err(ProblemKind::Forbidden.into());
    }
    if let Some(cookie) = cookie_of(&request, access.session_cookie_name()) {
        AnonymousRequest::admit(&request)?;
        access.close_session(cookie).await.map_err(|fault| Problem::internal(&fault))?;
    }
    let mut response = see_other("/desk");
    append_cookie(&mut response, &access.forget_cookie());
    end_binding(&mut response, &desk)?;
    Ok(response)
}

fn append_cookie(response: &mut HttpResponse, cookie: &str) {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
