//! From a problem to the response.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Parts, ProblemKind};
use crate::http::Contact;
use crate::http::context::RequestId;
use crate::kernel::Language;

pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// No more faults than this are told in one answer.
const MAX_ERRORS: usize = 100;

/// Problem details (RFC 9457).
#[derive(Serialize, ToSchema)]
pub struct ProblemBody<'a> {
    /// URI of the problem type.
    #[serde(rename = "type")]
    #[schema(example = "https://dancu.vn/problems/invalid-fields")]
    uri: &'a str,
    /// What the type means, in the language asked for.
    title: &'a str,
    status: u16,
    /// Quote it when you ask about this answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = true, value_type = String)]
    request_id: Option<&'a str>,
    /// Whom to call, where operators have stopped the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Contact)]
    contact: Option<&'a Contact>,
    /// Every faulty member of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError<'a>>,
}

/// One faulty member.
#[derive(Serialize, ToSchema)]
pub struct FieldError<'a> {
    /// JSON pointer (RFC 6901) to the member.
    pointer: &'a str,
    /// Stable code of the fault.
    code: &'a str,
    /// The fault in words, in the language asked for.
    detail: &'a str,
}

pub(super) fn body<'a>(
    problem: &'a Parts,
    language: Language,
    request_id: Option<&'a RequestId>,
    contact: Option<&'a Contact>,
) -> ProblemBody<'a> {
    let kind = problem.kind;
    let server_fault = kind.status().is_server_error();
    let faults = problem.faults.iter().filter(|_| !server_fault).take(MAX_ERRORS);
    ProblemBody {
        uri: kind.uri(),
        title: kind.title().in_language(language),
        status: kind.status().as_u16(),
        request_id: request_id.map(RequestId::as_str),
        contact: contact.filter(|_| kind.is_stop()),
        errors: faults.map(|f| FieldError { pointer: &f.pointer, code: f.code, detail: f.detail(language) }).collect(),
    }
}

pub(super) fn render(
    problem: &Parts,
    language: Language,
    request_id: Option<RequestId>,
    contact: Option<&Contact>,
) -> HttpResponse {
    let kind = problem.kind;
    let body = body(problem, language, request_id.as_ref(), contact);
    let mut response = HttpResponse::build(kind.status());
    response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)));
    response.insert_header((
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(match language {
            Language::Vi => "vi",
            Language::En => "en",
        }),
    ));
    if let Some(after) = problem.retry_after.or(default_retry(kind)) {
        response.insert_header((header::RETRY_AFTER, HeaderValue::from(whole_seconds(after))));
    }
    let challenged = problem.headers.iter().any(|(name, _)| name == header::WWW_AUTHENTICATE);
    if let Some(challenge) = challenge(kind).filter(|_| !challenged) {
        response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
    }
    for (name, value) in &problem.headers {
        response.append_header((name.clone(), value.clone()));
    }
    // Serialising plain strings and numbers cannot fail.
    response.body(serde_json::to_vec(&body).unwrap_or_default())
}

fn whole_seconds(after: Duration) -> u64 {
    after.as_secs() + u64::from(after.subsec_nanos() > 0)
}

/// `Retry-After` goes with every 429 and 503, even where nobody worked out a better one.
fn default_retry(kind: ProblemKind) -> Option<Duration> {
    matches!(kind.status().as_u16(), 429 | 503).then_some(Duration::from_secs(1))
}

/// The challenge of RFC 6750 section 3: no error code where no token was sent.
fn challenge(kind: ProblemKind) -> Option<&'static str> {
    Some(match kind {
        ProblemKind::Unauthorised => r#"Bearer realm="dancu""#,
        ProblemKind::DeviceSignatureInvalid => r#"Device realm="dancu""#,
        ProblemKind::TokenInvalid => r#"Bearer realm="dancu", error="invalid_token""#,
        ProblemKind::TokenExpired => {
            r#"Bearer realm="dancu", error="invalid_token", error_description="The access token has expired""#
        }
        ProblemKind::InsufficientScope => r#"Bearer realm="dancu", error="insufficient_scope""#,
        _ => return None,
    })
}
