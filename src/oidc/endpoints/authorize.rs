//! `/oauth2/authorize`: the sign-in in the browser (RFC 6749 section 3.1).
//!
//! Each browser has a view of its own, tied to it by a cookie: only the one whose page showed the
//! digits is sent back with the code. Nobody is sent anywhere before client and address are known
//! to be good.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::access::{cookie_of, is_own_origin};
use crate::clients::Client;
use crate::eid::{Addressed, TransactionState};
use crate::http::page::Page;
use crate::http::{AnonymousRequest, Arrival, Form, OauthCall, Problem, ProblemKind, address_of, release};
use crate::kernel::IdNumber;
use crate::oidc::Oidc;
use crate::oidc::model::Authorization;
use crate::oidc::pages::{AuthorizePage, Failure, NumberFault, ask, failure, turned_back};
use crate::oidc::protocol::{AuthorizationError, Parameters};
use crate::oidc::service::{OidcError, Opened, Step, View};

/// A page that asks for news is answered after this long at the latest.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const PATH: &str = "/oauth2/authorize";

/// Signs a citizen in for a client: shows the page on which they approve, and goes back to the
/// client with a code or an error, each with `iss` (RFC 9207).
#[utoipa::path(
    get,
    path = "/oauth2/authorize",
    tag = "oauth",
    params(
        ("client_id" = String, Query, description = "Who asks"),
        ("request_uri" = Option<String>, Query, description = "Of a pushed request; the only other parameter then. Clients of profile `fapi2` must push"),
        ("response_type" = Option<String>, Query, description = "`code`"),
        ("redirect_uri" = Option<String>, Query, description = "Registered, compared as written"),
        ("scope" = Option<String>, Query, description = "`openid`, and `citizen:ATTRIBUTE`, `profile`, `email`, `phone`, `address`, or operations that a citizen's token may do"),
        ("state" = Option<String>, Query), ("nonce" = Option<String>, Query),
        ("code_challenge" = Option<String>, Query), ("code_challenge_method" = Option<String>, Query, description = "`S256`"),
        ("acr_values" = Option<String>, Query, description = "`urn:dancu:acr:l1`, `urn:dancu:acr:l2`; `LoA1` is l1"),
        ("claims" = Option<String>, Query), ("authorization_details" = Option<String>, Query),
        ("prompt" = Option<String>, Query), ("max_age" = Option<String>, Query),
        ("dpop_jkt" = Option<String>, Query),
    ),
    responses(
        (status = 200, description = "The sign-in page"),
        (status = 303, description = "Back to the client"),
        (status = 400, description = "A page: the citizen cannot be sent back safely"),
    )
)]
pub async fn authorize(oidc: Data<Oidc>, frame: Page, request: HttpRequest) -> HttpResponse {
    match Form::parse(request.query_string().as_bytes()) {
        Ok(form) => begin_or_go_on(&oidc, &frame, (&request, &form)).await,
        Err(_) => failure(&frame, Failure::Malformed),
    }
}

/// The same by a form (OpenID Connect Core section 3.1.2.1).
pub async fn authorize_by_form(oidc: Data<Oidc>, frame: Page, request: HttpRequest, call: OauthCall) -> HttpResponse {
    begin_or_go_on(&oidc, &frame, (&request, &call.form)).await
}

async fn begin_or_go_on(oidc: &Oidc, frame: &Page, (request, form): (&HttpRequest, &Form)) -> HttpResponse {
    let client = match client_of(oidc, form) {
        Ok(client) => client,
        Err(fault) => return failure(frame, fault),
    };
    match form.get("request_uri") {
        Some(request_uri) => {
            let here = Here::new(&client, request_uri);
            go_on(oidc, frame, &here, request).await.unwrap_or_else(|fault| failure(frame, fault))
        }
        None => begin(oidc, frame, (&client, form), request).await,
    }
}

/// A request that was not pushed is kept, and goes on as if it had been.
async fn begin(oidc: &Oidc, frame: &Page, (client, form): (&Client, &Form), request: &HttpRequest) -> HttpResponse {
    let asked = Parameters::of(|name| form.get(name));
    let Ok(redirect_uri) = oidc.redirect_of(client, &asked) else { return failure(frame, Failure::RedirectUri) };
    let refuse = |error: AuthorizationError| back_with(oidc, redirect_uri, form.get("state"), &error);
    if Authorization::must_be_pushed(client) {
        return refuse(AuthorizationError::invalid_request("requests of this client must be pushed"));
    }
    if asked.login_hint.is_some() {
        return refuse(AuthorizationError::invalid_request("login_hint is taken in pushed requests only"));
    }
    let checked = match Authorization::check(&asked, client, redirect_uri, oidc.0.clock.now()) {
        Ok(checked) => checked,
        Err(error) => return refuse(error),
    };
    // Before anything is written: anybody may send one.
    if AnonymousRequest::admit(request).is_err() {
        return refuse(AuthorizationError::TOO_MANY);
    }
    match oidc.keep_of_browser(&checked, address_of(request)).await {
        Ok(pushed) => see_other(Here::new(client, &pushed.request_uri).page(oidc)),
        Err(OidcError::Refused(error)) => refuse(error),
        Err(error) => failure(frame, Failure::from(error)),
    }
}

/// Shows the page of a kept request, or ends it.
async fn go_on(oidc: &Oidc, frame: &Page, here: &Here<'_>, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    let opened = oidc.opened(&here.client.id, here.request_uri).await?;
    let known = cookie_of(request, cookie_name(oidc)).map(str::to_owned);
    let cookie = known.clone().unwrap_or_else(|| oidc.0.codec.secret().expose().to_owned());
    let view = match oidc.seen(&opened, &cookie).await.map_err(OidcError::from)? {
        Some(view) => view,
        None => {
            // Before anything is written: anybody may open the page.
            AnonymousRequest::admit(request).map_err(|_| Failure::TooMany)?;
            oidc.begin_view(&opened, &cookie).await?
        }
    };
    let asked = &opened.asked;
    let response = match oidc.step(here.client, &opened, view).await? {
        Step::Wait(view) => page(oidc, frame, (here, &opened, &view), None),
        Step::Code(code) => {
            let (state, iss) = (asked.state.as_deref(), oidc.issuer());
            let mut parameters = vec![("code", code.as_str())];
            parameters.extend(state.map(|state| ("state", state)));
            parameters.push(("iss", iss));
            see_other(with(&asked.redirect_uri, &parameters))
        }
        Step::Refused(error) => {
            oidc.end(&opened).await?;
            back_with(oidc, &asked.redirect_uri, asked.state.as_deref(), &error)
        }
    };
    Ok(if known.is_none() { remembering(oidc, response, &cookie) } else { response })
}

fn page(
    oidc: &Oidc,
    frame: &Page,
    (here, opened, view): (&Here<'_>, &Opened, &View),
    fault: Option<NumberFault>,
) -> HttpResponse {
    let path = |action: &str| here.path(action);
    let page = AuthorizePage {
        client_name: here.client.name.clone(),
        attributes: opened.asked.attributes,
        details: opened.asked.details.clone(),
        scan: view.scan.clone(),
        digits: view.digits,
        named: view.named,
        left: view.expires.since(oidc.0.clock.now()),
        fault,
        here: path(""),
        poll: path("/state"),
        address: path("/address"),
        cancel: path("/cancel"),
    };
    ask(frame, &page)
}

/// `GET …/state`: what became of this browser's request, as soon as it is decided.
pub async fn state(oidc: Data<Oidc>, arrival: Arrival, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let _waiting = arrival.long_poll(LONGEST_WAIT);
    let gone = || Problem::new(ProblemKind::NotFound);
    let form = Form::parse(request.query_string().as_bytes()).map_err(|_| ProblemKind::InvalidRequest)?;
    let (_, _, view) = seen(&oidc, &request, &form).await.map_err(|_| gone())?;
    let became = oidc.0.eid.wait(view.transaction, LONGEST_WAIT).await;
    let became = became.map_err(|error| Problem::new(ProblemKind::Unavailable).because(&error))?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Told { state: became }))
}

#[derive(serde::Serialize)]
struct Told {
    state: TransactionState,
}

/// `POST …/address`: the citizen typed a number. The same for numbers nobody has.
pub async fn address(
    oidc: Data<Oidc>,
    (frame, arrival): (Page, Arrival),
    request: HttpRequest,
    call: OauthCall,
) -> HttpResponse {
    let named = name(&oidc, &frame, &request, &call.form).await;
    release::negative(&arrival).await;
    named.unwrap_or_else(|fault| failure(&frame, fault))
}

async fn name(oidc: &Oidc, frame: &Page, request: &HttpRequest, typed: &Form) -> Result<HttpResponse, Failure> {
    let form = own_form(oidc, request)?;
    AnonymousRequest::admit(request).map_err(|_| Failure::TooMany)?;
    let (client, opened, view) = seen(oidc, request, &form).await?;
    let request_uri = form.get("request_uri").unwrap_or_default();
    let here = Here::new(&client, request_uri);
    let digits: String =
        typed.get("id_number").unwrap_or_default().chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    let fault = match IdNumber::parse(&digits) {
        Err(_) => NumberFault::Malformed,
        Ok(number) => match oidc.name(&view, &number).await.map_err(OidcError::from)? {
            Addressed::Asked | Addressed::Over => return Ok(see_other(here.page(oidc))),
            Addressed::TooMany => NumberFault::TooMany,
        },
    };
    Ok(page(oidc, frame, (&here, &opened, &view), Some(fault)))
}

/// `POST …/cancel`: the citizen turns back. The page goes on by itself: a redirect would be part of
/// the form's own sending, which the page's policy keeps on this site.
pub async fn cancel(oidc: Data<Oidc>, frame: Page, request: HttpRequest) -> HttpResponse {
    match end(&oidc, &request).await {
        Ok(url) => turned_back(&frame, &url),
        Err(fault) => failure(&frame, fault),
    }
}

async fn end(oidc: &Oidc, request: &HttpRequest) -> Result<String, Failure> {
    let form = own_form(oidc, request)?;
    let (_, opened, _) = seen(oidc, request, &form).await?;
    oidc.end(&opened).await?;
    let asked = &opened.asked;
    Ok(error_url(oidc, &asked.redirect_uri, asked.state.as_deref(), &AuthorizationError::CANCELLED))
}

/// The parameters of a form of our own page.
fn own_form(oidc: &Oidc, request: &HttpRequest) -> Result<Form, Failure> {
    if !is_own_origin(request, oidc.0.access.config().origin()) {
        return Err(Failure::ForeignOrigin);
    }
    Form::parse(request.query_string().as_bytes()).map_err(|_| Failure::Malformed)
}

/// The request that this browser has open.
async fn seen(oidc: &Oidc, request: &HttpRequest, form: &Form) -> Result<(Arc<Client>, Opened, View), Failure> {
    let client = client_of(oidc, form)?;
    let opened = oidc.opened(&client.id, form.get("request_uri").unwrap_or_default()).await?;
    let cookie = cookie_of(request, cookie_name(oidc)).ok_or(Failure::Over)?;
    let view = oidc.seen(&opened, cookie).await.map_err(OidcError::from)?.ok_or(Failure::Over)?;
    Ok((client, opened, view))
}

fn client_of(oidc: &Oidc, form: &Form) -> Result<Arc<Client>, Failure> {
    let id = form.get("client_id").and_then(|id| id.parse().ok()).ok_or(Failure::UnknownClient)?;
    let client = oidc.0.clients.find_current(&id).map_err(|behind| Failure::unavailable(&behind))?;
    let client = client.ok_or(Failure::UnknownClient)?;
    // The browser is sent nowhere: the client's own site may be what it was stopped for.
    if client.is_stopped() { Err(Failure::ClientStopped) } else { Ok(client) }
}

/// A kept request's place.
struct Here<'a> {
    client: &'a Client,
    request_uri: &'a str,
}

impl<'a> Here<'a> {
    fn new(client: &'a Client, request_uri: &'a str) -> Self {
        Self { client, request_uri }
    }

    fn path(&self, action: &str) -> String {
        with(&format!("{PATH}{action}"), &[("client_id", self.client.id.as_str()), ("request_uri", self.request_uri)])
    }

    /// The whole address of the page.
    fn page(&self, oidc: &Oidc) -> String {
        format!("{}{}", oidc.issuer(), self.path(""))
    }
}

fn cookie_name(oidc: &Oidc) -> &'static str {
    if oidc.0.access.config().is_secure() { "__Host-dancu-signin" } else { "dancu_signin" }
}

/// The same answer, and the browser is known again.
fn remembering(oidc: &Oidc, mut response: HttpResponse, cookie: &str) -> HttpResponse {
    let (name, secure) = (cookie_name(oidc), oidc.0.access.config().is_secure());
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={cookie}; Path=/; Max-Age=3600{secure}; HttpOnly; SameSite=Lax");
    if let Ok(value) = text.parse() {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

fn back_with(oidc: &Oidc, redirect_uri: &str, state: Option<&str>, error: &AuthorizationError) -> HttpResponse {
    see_other(error_url(oidc, redirect_uri, state, error))
}

fn error_url(oidc: &Oidc, redirect_uri: &str, state: Option<&str>, error: &AuthorizationError) -> String {
    let mut parameters = vec![("error", error.code), ("error_description", error.description)];
    parameters.extend(state.map(|state| ("state", state)));
    parameters.push(("iss", oidc.issuer()));
    with(redirect_uri, &parameters)
}

/// By 303: a browser must never send a form on (FAPI 2.0 section 5.3.2.2 point 12).
fn see_other(location: String) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .finish()
}

/// An address with more parameters in its query.
pub fn with(uri: &str, parameters: &[(&str, &str)]) -> String {
    if parameters.is_empty() {
        return uri.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{query}")
}
