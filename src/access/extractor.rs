//! The caller as handlers receive it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::{Access, Caller, Denied};
use crate::http::{Arrival, Problem, ProblemKind};

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller_of(request))
    }
}

fn caller_of(request: &HttpRequest) -> Result<Caller, Problem> {
    let access = request.app_data::<Data<Access>>().ok_or(ProblemKind::Internal)?;
    let caller = access.verify(bearer_of(request)?)?;
    if let Some(arrival) = Arrival::of(request) {
        arrival.note_client(&caller.client.id);
    }
    Ok(caller)
}

/// The token of the one `Authorization: Bearer` field (RFC 6750 section 2.1). Tokens elsewhere, in
/// the query or the body, are not looked for.
fn bearer_of(request: &HttpRequest) -> Result<&str, Denied> {
    let mut fields = request.headers().get_all(AUTHORIZATION);
    let field = fields.next().ok_or(Denied::TokenMissing)?;
    if fields.next().is_some() {
        return Err(Denied::TokenInvalid);
    }
    // Not `to_str`, which looks at each byte for itself; what is no base64url is refused later anyway.
    let text = std::str::from_utf8(field.as_bytes()).ok();
    let (scheme, token) = text.and_then(|text| text.split_once(' ')).ok_or(Denied::TokenInvalid)?;
    if scheme.eq_ignore_ascii_case("Bearer") { Ok(token.trim_start_matches(' ')) } else { Err(Denied::TokenMissing) }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::TokenMissing => ProblemKind::Unauthorised.into(),
            Denied::TokenInvalid | Denied::ClientDisabled | Denied::BearerNotAgreed => ProblemKind::TokenInvalid.into(),
            Denied::TokenExpired => ProblemKind::TokenExpired.into(),
            Denied::InsufficientScope(operation) => {
                let challenge = format!(r#"Bearer realm="dancu", error="insufficient_scope", scope="{operation}""#);
                let problem = Self::new(ProblemKind::InsufficientScope);
                match HeaderValue::try_from(challenge) {
                    Ok(challenge) => problem.with_header(WWW_AUTHENTICATE, challenge),
                    Err(_) => problem,
                }
            }
            Denied::RegistryBehind => ProblemKind::Unavailable.into(),
        }
    }
}
