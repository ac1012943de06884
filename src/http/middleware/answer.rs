//! What leaves: every error as a problem, and the few headers every answer bears.

use std::fmt;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use crate::http::context::{Arrival, RequestId};
use crate::http::oauth_error::OauthError;
use crate::http::page::{self, PageFailure};
use crate::http::problem::{Problem, ProblemKind};
use crate::kernel::Language;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Turns an error response into a problem in the caller's language, which is a page where a browser
/// asked for one; leaves others as they are. Gives the problem's kind for log and metrics.
pub(super) fn settle(
    request: &HttpRequest,
    response: HttpResponse,
    arrival: &Arrival,
) -> (HttpResponse, Option<ProblemKind>) {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return (response, None);
    }
    if let Some(problem) = response.error().and_then(|error| error.as_error::<Problem>()) {
        report(problem, arrival.request_id());
        return (told(request, problem, arrival), Some(problem.kind()));
    }
    if let Some(error) = response.error().and_then(|error| error.as_error::<OauthError>()) {
        report_failure(response.status(), error.code(), error.cause(), arrival.request_id());
        return (response, None);
    }
    if let Some(failure) = response.extensions().get::<PageFailure>() {
        report_failure(response.status(), "page", Some(failure.cause()), arrival.request_id());
    }
    let foreign = response.error().is_some() || matches!(response.body().size(), BodySize::None | BodySize::Sized(0));
    if !foreign {
        return (response, None);
    }
    let mut problem = Problem::new(kind_of(status));
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem = problem.with_header(header::ALLOW, allow.clone());
    }
    report(&problem, arrival.request_id());
    (told(request, &problem, arrival), Some(problem.kind()))
}

/// The problem as the caller reads it best.
pub(super) fn told(request: &HttpRequest, problem: &Problem, arrival: &Arrival) -> HttpResponse {
    let details = problem.render(arrival.language(), Some(arrival.request_id()), arrival.contact());
    if arrival.wants_page() { page::of_problem(request, problem, arrival.contact(), details) } else { details }
}

fn report(problem: &Problem, request_id: RequestId) {
    report_failure(problem.kind().status(), problem.kind().slug(), problem.cause(), request_id);
}

/// Tells operators why the service failed: every 5xx, and what else has a cause. Refusals are no failures.
fn report_failure(status: StatusCode, told: &str, cause: Option<&str>, request_id: RequestId) {
    let request_id = request_id.as_str();
    match cause {
        _ if status == StatusCode::INTERNAL_SERVER_ERROR => {
            tracing::error!(request_id, told, cause = cause.unwrap_or("not told"), "a request failed");
        }
        Some(cause) => tracing::warn!(request_id, told, cause, "a request failed"),
        None => {}
    }
}

/// The problem for an error response of actix itself.
fn kind_of(status: StatusCode) -> ProblemKind {
    match status {
        StatusCode::UNAUTHORIZED => ProblemKind::Unauthorised,
        StatusCode::FORBIDDEN => ProblemKind::Forbidden,
        StatusCode::NOT_FOUND => ProblemKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemKind::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => ProblemKind::BodyTimeout,
        StatusCode::CONFLICT => ProblemKind::Conflict,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::UnsupportedMediaType,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ProblemKind::HeaderTooLarge,
        StatusCode::TOO_MANY_REQUESTS => ProblemKind::RateLimited,
        StatusCode::SERVICE_UNAVAILABLE => ProblemKind::Unavailable,
        status if status.is_client_error() => ProblemKind::InvalidRequest,
        _ => ProblemKind::Internal,
    }
}

/// Adds what every answer bears. What a handler set itself stays.
pub(super) fn add_headers(response: &mut HttpResponse<BoxBody>, arrival: &Arrival, secure: bool) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(arrival.request_id().as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// A problem that no response could be made for yet, because the request is gone with its handler.
pub(super) struct Orphan {
    pub(super) problem: Problem,
    pub(super) arrival: Arrival,
    pub(super) secure: bool,
}

impl fmt::Debug for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.problem, f)
    }
}

impl ResponseError for Orphan {
    fn status_code(&self) -> StatusCode {
        self.problem.kind().status()
    }

    fn error_response(&self) -> HttpResponse {
        let language: Language = self.arrival.language();
        let mut response = self.problem.render(language, Some(self.arrival.request_id()), self.arrival.contact());
        add_headers(&mut response, &self.arrival, self.secure);
        response
    }
}

impl Orphan {
    pub(super) fn report(&self) {
        report(&self.problem, self.arrival.request_id());
    }
}
