//! How a receptionist comes to the desk, and leaves it: a one-time link, the facility they work at.

use std::sync::Arc;
use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::{Desk, see_other};
use crate::access::{Access, Caller, SessionGrant, cookie_of, is_own_origin};
use crate::clients::{Operation, OperationSet};
use crate::http::page::Page;
use crate::http::{Problem, ProblemKind};
use crate::kernel::{ClientId, FacilityId, Officer};
use crate::storage::StorageError;

/// A shift.
const SHIFT: Duration = Duration::from_secs(12 * 3600);
/// Which facility this browser's desk is at. It names no person.
const FACILITY_COOKIE: &str = "dancu_desk_facility";

/// The path that opens the desk by a link's code.
pub const OPEN_PATH: &str = "/desk/open";

/// What a session at the desk stands for: the officer of a client, allowed what the desk does and no
/// more.
pub fn desk_session(client: ClientId, officer: Officer) -> SessionGrant {
    let scopes: OperationSet =
        [Operation::StaysReport, Operation::StaysRead, Operation::QrVerify].into_iter().collect();
    SessionGrant { client, scopes, citizen: None, officer: Some(officer), lifetime: SHIFT }
}

/// A link that opens the desk of `officer` once, within `lifetime`: path and query.
///
/// # Errors
/// If the store cannot be asked.
pub async fn desk_link(
    access: &Arc<Access>,
    client: ClientId,
    officer: Officer,
    lifetime: Duration,
) -> Result<String, StorageError> {
    let code = access.page_link(&desk_session(client, officer), lifetime).await?;
    Ok(format!("{OPEN_PATH}?code={}", code.expose()))
}

#[derive(Template)]
#[template(path = "stays/pages/start.html")]
struct Start {
    page: Page,
    /// A link was followed that opens nothing.
    over: bool,
}

/// The page for whoever is not signed in.
pub(super) fn start(page: Page) -> Result<HttpResponse, Problem> {
    let view = Start { page, over: false };
    view.page.show(&view)
}

#[derive(Deserialize)]
pub(super) struct Coded {
    code: String,
}

/// Opens the session of a link, once.
pub(super) async fn open(
    page: Page,
    request: HttpRequest,
    coded: Query<Coded>,
    desk: Data<Desk>,
) -> Result<HttpResponse, Problem> {
    // A browser that looks ahead must not use the link up.
    if request.headers().contains_key("sec-purpose") {
        return Err(ProblemKind::Unavailable.into());
    }
    let opened = desk.access.redeem_page_link(&coded.code).await.map_err(|fault| Problem::internal(&fault))?;
    let Some(session) = opened else {
        let view = Start { page, over: true };
        return view.page.show_as(StatusCode::GONE, &view);
    };
    let mut response = see_other("/desk");
    append_cookie(&mut response, &session.header_value());
    Ok(response)
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    facility_id: FacilityId,
}

/// Works at another facility from now on.
pub(super) async fn choose(caller: Caller, chosen: Form<Chosen>, desk: Data<Desk>) -> Result<HttpResponse, Problem> {
    let facilities = desk.stays.facilities(&caller).await?;
    if !facilities.iter().any(|told| told.facility.id == chosen.facility_id) {
        return Err(ProblemKind::NotFound.into());
    }
    let mut cookie = Cookie::new(FACILITY_COOKIE, chosen.facility_id.to_string());
    cookie.set_path("/desk");
    cookie.set_http_only(true);
    cookie.set_secure(desk.access.config().is_secure());
    cookie.set_same_site(SameSite::Lax);
    cookie.set_max_age(time::Duration::days(365));
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
        access.close_session(cookie).await.map_err(|fault| Problem::internal(&fault))?;
    }
    let mut response = see_other("/desk");
    append_cookie(&mut response, &access.forget_cookie());
    Ok(response)
}

fn append_cookie(response: &mut HttpResponse, cookie: &str) {
    if let Ok(value) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
