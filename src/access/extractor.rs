//! The caller as handlers receive it.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{Either, LocalBoxFuture};

use super::verify::Bearer;
use super::{Access, Caller, Denied, NoPermit, ProofFault, ProofTarget};
use crate::http::{Arrival, DPOP_NONCE, Problem, ProblemKind};

/// When a request that got no place may come again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Either<Ready<Result<Self, Problem>>, LocalBoxFuture<'static, Result<Self, Problem>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(access) = request.app_data::<Data<Access>>() else {
            return Either::Left(ready(Err(ProblemKind::Internal.into())));
        };
        let arrival = Arrival::of(request);
        match presented(request, access) {
            // The usual call of a client needs no look into the database.
            Ok(Presented::Bearer(token)) => match access.bearer(token) {
                Ok(Bearer::Client(caller)) => Either::Left(ready(noted(Ok(caller), arrival.as_ref()))),
                Ok(Bearer::Citizen(verified)) => {
                    let access = Arc::clone(access);
                    let looked_up = async move { noted(access.caller_of(verified).await, arrival.as_ref()) };
                    Either::Right(Box::pin(looked_up))
                }
                Err(denied) => Either::Left(ready(Err(denied.into()))),
            },
            Ok(Presented::Bound(token, proof)) => {
                let (access, token, proof) = (Arc::clone(access), token.to_owned(), proof.to_owned());
                let (method, path) = (request.method().clone(), request.uri().path().to_owned());
                let proven = async move {
                    let (method, path) = (method.as_str(), path.as_str());
                    let target = ProofTarget { method, path, access_token: None, nonce_needed: false };
                    let caller = access.bound_caller(&token, &proof, target).await;
                    noted(caller, arrival.as_ref()).map_err(|problem| with_nonce(problem, &access))
                };
                Either::Right(Box::pin(proven))
            }
            Ok(Presented::Session(cookie)) => {
                let (access, cookie) = (Arc::clone(access), cookie.to_owned());
                let looked_up = async move { noted(access.session_caller(&cookie).await, arrival.as_ref()) };
                Either::Right(Box::pin(looked_up))
            }
            Err(denied) => Either::Left(ready(Err(denied.into()))),
        }
    }
}

fn noted(caller: Result<Caller, Denied>, arrival: Option<&Arrival>) -> Result<Caller, Problem> {
    let caller = caller?;
    if let Some(arrival) = arrival {
        arrival.note_client(&caller.client.id);
    }
    Ok(caller)
}

/// A refusal of a bound token bears a nonce for the next proof.
fn with_nonce(problem: Problem, access: &Access) -> Problem {
    match HeaderValue::try_from(access.dpop_nonce()) {
        Ok(nonce) => problem.with_header(DPOP_NONCE, nonce),
        Err(_) => problem,
    }
}

/// What a request shows of its caller.
enum Presented<'a> {
    Bearer(&'a str),
    /// A token bound to a key, and the proof that the key is held.
    Bound(&'a str, &'a str),
    Session(&'a str),
}

/// The token of the one `Authorization` field (RFC 6750 section 2.1), else the page's session.
/// Tokens elsewhere, in the query or the body, are not looked for.
fn presented<'a>(request: &'a HttpRequest, access: &Access) -> Result<Presented<'a>, Denied> {
    let mut fields = request.headers().get_all(AUTHORIZATION);
    let Some(field) = fields.next() else { return session_of(request, access) };
    if fields.next().is_some() {
        return Err(Denied::TokenInvalid);
    }
    // Not `to_str`, which looks at each byte for itself; what is no base64url is refused later anyway.
    let text = std::str::from_utf8(field.as_bytes()).ok();
    let (scheme, token) = text.and_then(|text| text.split_once(' ')).ok_or(Denied::TokenInvalid)?;
    let token = token.trim_start_matches(' ');
    if scheme.eq_ignore_ascii_case("Bearer") {
        Ok(Presented::Bearer(token))
    } else if scheme.eq_ignore_ascii_case("DPoP") {
        Ok(Presented::Bound(token, proof_of(request)?))
    } else {
        Err(Denied::TokenMissing)
    }
}

/// The one `DPoP` field.
fn proof_of(request: &HttpRequest) -> Result<&str, Denied> {
    let mut fields = request.headers().get_all("dpop");
    let proof = fields.next().and_then(|field| field.to_str().ok()).ok_or(Denied::Proof(ProofFault::Malformed))?;
    if fields.next().is_some() { Err(Denied::Proof(ProofFault::Several)) } else { Ok(proof) }
}

/// The session's cookie. What changes something must come from a page of our own: browsers send
/// the cookie along whatever page the request comes from.
fn session_of<'a>(request: &'a HttpRequest, access: &Access) -> Result<Presented<'a>, Denied> {
    let cookie = cookie_of(request, access.session_cookie_name()).ok_or(Denied::TokenMissing)?;
    if !request.method().is_safe() && !is_own_origin(request, access.config().origin()) {
        return Err(Denied::ForeignOrigin);
    }
    Ok(Presented::Session(cookie))
}

/// The one cookie of this name; several of them are none.
pub fn cookie_of<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let fields = request.headers().get_all(COOKIE).filter_map(|field| field.to_str().ok());
    let mut found = fields.flat_map(|field| field.split(';')).filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name && !value.is_empty()).then_some(value)
    });
    let first = found.next();
    first.filter(|_| found.next().is_none())
}

/// Whether the request's `Origin` is this service's own.
pub fn is_own_origin(request: &HttpRequest, own: &str) -> bool {
    request.headers().get(ORIGIN).is_some_and(|origin| origin.as_bytes() == own.as_bytes())
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::TokenMissing => ProblemKind::Unauthorised.into(),
            Denied::TokenInvalid | Denied::BearerNotAgreed => ProblemKind::TokenInvalid.into(),
            Denied::ClientStopped => ProblemKind::ClientStopped.into(),
            Denied::OfficerStopped => ProblemKind::OfficerStopped.into(),
            Denied::Proof(fault) => {
                let error = match fault {
                    ProofFault::NonceNeeded | ProofFault::NonceStale => "use_dpop_nonce",
                    ProofFault::OtherKey => "invalid_token",
                    _ => "invalid_dpop_proof",
                };
                let challenge = format!(r#"DPoP realm="dancu", error="{error}", algs="ES256 EdDSA""#);
                let problem = Self::new(ProblemKind::TokenInvalid).because(&fault);
                match HeaderValue::try_from(challenge) {
                    Ok(challenge) => problem.with_header(WWW_AUTHENTICATE, challenge),
                    Err(_) => problem,
                }
            }
            Denied::TokenExpired => ProblemKind::TokenExpired.into(),
            Denied::InsufficientScope(operation) => {
                let challenge = format!(r#"Bearer realm="dancu", error="insufficient_scope", scope="{operation}""#);
                let problem = Self::new(ProblemKind::InsufficientScope);
                match HeaderValue::try_from(challenge) {
                    Ok(challenge) => problem.with_header(WWW_AUTHENTICATE, challenge),
                    Err(_) => problem,
                }
            }
            Denied::ForeignOrigin => ProblemKind::Forbidden.into(),
            error @ (Denied::RegistryBehind | Denied::RevokedUnread) => {
                Self::new(ProblemKind::Unavailable).because(&error)
            }
            Denied::Storage(error) => error.into(),
        }
    }
}

impl From<NoPermit> for Problem {
    fn from(refusal: NoPermit) -> Self {
        match refusal {
            NoPermit::ShareUsedUp => Self::new(ProblemKind::TooManyAtOnce).retry_after(RETRY_AFTER),
            NoPermit::Full => Self::new(ProblemKind::Overloaded).retry_after(RETRY_AFTER),
        }
    }
}
