//! `/signin?to=…`: a citizen signs in to a page of this service by e-ID.
//!
//! What this browser began stands in a cookie of its own, with a code that only this service makes: who
//! knows the request's identifier alone (its app does) takes nothing. No script sees it, no URL has it.

use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::access::{cookie_of, is_own_origin};
use crate::clients::labels;
use crate::eid::model::{LONGEST_LIFETIME, MatchNumber, ScanSecret, TransactionState};
use crate::eid::service::{Addressed, EidError, SignIn, SignInTarget};
use crate::http::page::{self, ApprovalScreen, ApprovalState, Asked, Link, Page, PolledState};
use crate::http::{AnonymousRequest, Arrival, Problem, ProblemKind, address_of, release};
use crate::kernel::{IdNumber, Instant, Text, TransactionId};
use crate::qr::image::Symbol;
use crate::storage::StorageError;

const LONG_POLL: Duration = Duration::from_secs(20);
/// Within which pages are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// Serves the sign-in.
pub fn sign_in_routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/signin").get(show).post(address))
        .service(web::resource("/signin/state").get(state))
        .service(web::resource("/signin/cancel").post(cancel))
        .service(web::resource("/signout").post(sign_out));
}

#[derive(Deserialize)]
struct To {
    to: String,
}

#[derive(Deserialize)]
struct Named {
    id_number: String,
}

/// What this browser began.
struct Started {
    transaction: TransactionId,
    digits: MatchNumber,
    scan: ScanSecret,
    expires: Instant,
    addressed: bool,
    path: String,
}

impl Started {
    /// The cookie's value; `None` if it was not written by us.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, '.');
        Some(Self {
            transaction: parts.next()?.parse().ok()?,
            digits: MatchNumber::parse(parts.next()?)?,
            scan: ScanSecret::parse(parts.next()?)?,
            expires: Instant::from_micros(parts.next()?.parse().ok()?),
            addressed: parts.next()? == "1",
            path: parts.next()?.to_owned(),
        })
    }

    fn write(&self) -> String {
        let Self { transaction, digits, scan, expires, addressed, path } = self;
        let (scan, micros, addressed) = (scan.text(), expires.as_micros(), u8::from(*addressed));
        format!("{transaction}.{digits}.{scan}.{micros}.{addressed}.{path}")
    }

    fn of(request: &HttpRequest, sign_in: &SignIn) -> Option<Self> {
        Self::read(sign_in.entrusted(cookie_of(request, cookie_name(sign_in))?)?)
    }
}

/// Begins a request, or shows where the one that this browser began stands; opens the session of
/// one that was approved and goes on.
async fn show(
    page: Page,
    request: HttpRequest,
    to: web::Query<To>,
    sign_in: Data<SignIn>,
) -> Result<HttpResponse, Problem> {
    let target = sign_in.target(&to.to).ok_or(ProblemKind::NotFound)?;
    sign_in.check_may_ask(target)?;
    let started = Started::of(&request, &sign_in).filter(|started| started.path == target.path);
    if let Some(started) = started {
        let state = sign_in.eid.state(started.transaction).await.map_err(refused)?;
        match state {
            TransactionState::Pending => return screen(page, &sign_in, target, &started, None, sign_in.clock.now()),
            TransactionState::Approved => {
                let replaced = cookie_of(&request, sign_in.access.session_cookie_name()).map(str::to_owned);
                if let Some(session) = sign_in.finish(started.transaction, target, replaced).await.map_err(refused)? {
                    return Ok(signed_in(&sign_in, target, &session.header_value()));
                }
                // It was taken before: begin anew.
            }
            ended => return over(page, &sign_in, target, ended),
        }
    }
    // Before anything is written: anybody may open pages.
    AnonymousRequest::admit(&request)?;
    let begun = sign_in.begin(target, address_of(&request)).await.map_err(|fault| Problem::internal(&fault))?;
    let begun = begun.ok_or_else(|| Problem::new(ProblemKind::RateLimited).retry_after(WINDOW))?;
    let scan = ScanSecret::parse(&begun.scan).ok_or(ProblemKind::Internal)?;
    let started = Started {
        transaction: begun.transaction,
        digits: begun.digits,
        scan,
        expires: begun.expires,
        addressed: false,
        path: target.path.to_owned(),
    };
    let mut response = screen(page, &sign_in, target, &started, None, sign_in.clock.now())?;
    keep(&mut response, &sign_in, &started)?;
    Ok(response)
}

/// Sends the request to the app of a number, if anybody has it; the answer does not tell.
async fn address(
    page: Page,
    request: HttpRequest,
    arrival: Arrival,
    form: web::Form<Named>,
    sign_in: Data<SignIn>,
) -> Result<HttpResponse, Problem> {
    let (mut started, target) = own(&request, &sign_in)?;
    sign_in.check_may_ask(target)?;
    let fault = match IdNumber::parse(&form.id_number.split_whitespace().collect::<String>()) {
        Err(_) => Some(NOT_A_NUMBER),
        Ok(number) => {
            AnonymousRequest::admit(&request)?;
            let addressed = sign_in.eid.address(started.transaction, &number).await.map_err(refused)?;
            release::negative(&arrival).await;
            (addressed == Addressed::TooMany).then_some(TOO_MANY)
        }
    };
    if let Some(fault) = fault {
        return screen(page, &sign_in, target, &started, Some(fault), sign_in.clock.now());
    }
    started.addressed = true;
    let mut response = see_other(&here(target));
    keep(&mut response, &sign_in, &started)?;
    Ok(response)
}

const NOT_A_NUMBER: Text = Text::new(
    "Số định danh gồm 12 chữ số. Hãy kiểm tra lại trên thẻ.",
    "The number has 12 digits. Check it on your card.",
);
const TOO_MANY: Text = Text::new(
    "Đã thử quá nhiều số. Hãy quét mã, hoặc bắt đầu lại.",
    "Too many numbers were tried. Scan the code, or begin again.",
);

async fn state(request: HttpRequest, arrival: Arrival, sign_in: Data<SignIn>) -> Result<HttpResponse, Problem> {
    let _waiting = arrival.long_poll(LONG_POLL);
    let started = Started::of(&request, &sign_in).ok_or(ProblemKind::NotFound)?;
    let state = sign_in.eid.wait(started.transaction, LONG_POLL).await.map_err(refused)?;
    Ok(HttpResponse::Ok().json(PolledState { state: shown(state).name() }))
}

/// Leaves the sign-in: its request ends, and nobody takes its approval any more.
async fn cancel(request: HttpRequest, sign_in: Data<SignIn>) -> Result<HttpResponse, Problem> {
    let (started, _) = own(&request, &sign_in)?;
    AnonymousRequest::admit(&request)?;
    sign_in.cancel(started.transaction).await.map_err(refused)?;
    let mut response = see_other("/");
    forget(&mut response, &sign_in)?;
    Ok(response)
}

async fn sign_out(request: HttpRequest, sign_in: Data<SignIn>) -> Result<HttpResponse, Problem> {
    let access = &sign_in.access;
    if !is_own_origin(&request, access.config().origin()) {
        return Err(ProblemKind::Forbidden.into());
    }
    if let Some(cookie) = cookie_of(&request, access.session_cookie_name()) {
        AnonymousRequest::admit(&request)?;
        access.close_session(cookie).await.map_err(refused)?;
    }
    let mut response = see_other("/");
    if let Ok(forgotten) = header::HeaderValue::try_from(access.forget_cookie()) {
        response.headers_mut().append(header::SET_COOKIE, forgotten);
    }
    Ok(response)
}

/// What this browser began, for a form of our own page.
fn own<'a>(request: &HttpRequest, sign_in: &'a SignIn) -> Result<(Started, &'a SignInTarget), Problem> {
    if !is_own_origin(request, sign_in.access.config().origin()) {
        return Err(ProblemKind::Forbidden.into());
    }
    let started = Started::of(request, sign_in).ok_or(ProblemKind::NotFound)?;
    let target = sign_in.target(&started.path).ok_or(ProblemKind::NotFound)?;
    Ok((started, target))
}

fn screen(
    page: Page,
    sign_in: &SignIn,
    target: &SignInTarget,
    started: &Started,
    fault: Option<Text>,
    now: Instant,
) -> Result<HttpResponse, Problem> {
    let language = page.language();
    let scan = started.scan.text();
    let qr = Symbol::of_text(&scan).map_err(|fault| Problem::internal(&fault))?.to_svg();
    let begun = page::Begun {
        qr,
        scan,
        digits: started.digits.to_string(),
        left: started.expires.since(now),
        here: here(target),
        poll: "/signin/state".to_owned(),
        address: here(target),
        cancel: "/signin/cancel".to_owned(),
        addressed: started.addressed,
        fault: fault.map(|fault| fault.in_language(language).to_owned()),
    };
    let asker = sign_in.eid.client_name(&target.client).unwrap_or_else(|| target.client.to_string());
    let attributes = target.attributes.iter().map(|a| labels::attribute_label(a).in_language(language).to_owned());
    let reasons = [
        target.procedure.as_ref().and_then(labels::procedure_label),
        target.legal_basis.as_ref().and_then(labels::legal_basis_label),
    ];
    let asked = Asked {
        asker,
        attributes: attributes.collect(),
        reasons: reasons.into_iter().flatten().map(|text| text.in_language(language).to_owned()).collect(),
        message: None,
        consent: None,
    };
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = ApprovalScreen { asked, state: ApprovalState::Pending, begun: Some(begun), next: None, page };
    let view = view.refreshing();
    view.page.show_as(status, &view)
}

fn over(page: Page, sign_in: &SignIn, target: &SignInTarget, ended: TransactionState) -> Result<HttpResponse, Problem> {
    let view = ApprovalScreen {
        asked: Asked::default(),
        state: shown(ended),
        begun: None,
        next: Some(Link { to: here(target), text: page.say("Bắt đầu lại", "Begin again").to_owned() }),
        page,
    };
    let mut response = view.page.show(&view)?;
    forget(&mut response, sign_in)?;
    Ok(response)
}

const fn shown(state: TransactionState) -> ApprovalState {
    match state {
        TransactionState::Pending => ApprovalState::Pending,
        TransactionState::Approved => ApprovalState::Approved,
        TransactionState::Rejected => ApprovalState::Rejected,
        TransactionState::Expired => ApprovalState::Expired,
        TransactionState::Mismatch => ApprovalState::Mismatch,
    }
}

fn signed_in(sign_in: &SignIn, target: &SignInTarget, session: &str) -> HttpResponse {
    let mut response = see_other(target.path);
    if let Ok(session) = header::HeaderValue::try_from(session) {
        response.headers_mut().append(header::SET_COOKIE, session);
    }
    // A browser that keeps it would find the request taken, and begin anew.
    let _ = forget(&mut response, sign_in);
    response
}

fn here(target: &SignInTarget) -> String {
    format!("/signin?to={}", target.path)
}

fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

fn keep(response: &mut HttpResponse, sign_in: &SignIn, started: &Started) -> Result<(), Problem> {
    set(response, sign_in, sign_in.entrust(&started.write()), LONGEST_LIFETIME)
}

fn forget(response: &mut HttpResponse, sign_in: &SignIn) -> Result<(), Problem> {
    set(response, sign_in, String::new(), Duration::ZERO)
}

/// Bound to this host alone where TLS allows it.
fn cookie_name(sign_in: &SignIn) -> &'static str {
    if sign_in.access.config().is_secure() { "__Host-dancu-page" } else { "dancu_page_signin" }
}

fn set(response: &mut HttpResponse, sign_in: &SignIn, value: String, lives: Duration) -> Result<(), Problem> {
    let mut cookie = Cookie::new(cookie_name(sign_in), value);
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_secure(sign_in.access.config().is_secure());
    cookie.set_same_site(SameSite::Lax);
    cookie.set_max_age(time::Duration::seconds(i64::try_from(lives.as_secs()).unwrap_or_default()));
    response.add_cookie(&cookie).map_err(|fault| Problem::internal(&fault))
}

fn refused(error: StorageError) -> Problem {
    EidError::from(error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_began_is_read_as_it_was_written() {
        let text = format!("{}.47.DANCU-EID:{}.1700000000000000.1./me", "a".repeat(32), "B".repeat(32));
        let started = Started::read(&text).expect("well formed");
        assert_eq!(started.write(), text);
        for bad in ["", "a.b", &text.replace(".47.", ".7."), &text.replace("DANCU", "OTHER"), &text.replace("./me", "")]
        {
            assert!(Started::read(bad).is_none(), "{bad}");
        }
    }
}
