//! Errors as clients see them: RFC 9457 problem details, from one closed catalogue.

mod catalogue;
mod render;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};

pub use catalogue::ProblemKind;
pub use render::ProblemBody;

use super::Contact;
use super::context::RequestId;
use crate::kernel::{Causes, Faults, Language};
use crate::storage::StorageError;

/// A refusal or a failure on its way to the client. The outermost middleware renders it in the
/// caller's language and with the request id.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: ProblemKind,
    faults: Faults,
    retry_after: Option<Duration>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

impl Problem {
    pub fn new(kind: ProblemKind) -> Self {
        Self(Box::new(Parts { kind, faults: Faults::default(), retry_after: None, headers: Vec::new(), cause: None }))
    }

    /// `invalid-fields`, with every fault of the body.
    pub fn invalid(faults: Faults) -> Self {
        Self::new(ProblemKind::InvalidFields).with_faults(faults)
    }

    /// `internal`, remembering the cause for the log; clients never see it.
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        Self::new(ProblemKind::Internal).because(cause)
    }

    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.0.faults.extend(faults);
        self
    }

    /// When to come again; rounded up to whole seconds.
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Adds a response header (quota, challenge).
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Keeps the chain of causes for the log. It must hold no personal data.
    pub fn because(mut self, cause: &(dyn Error + 'static)) -> Self {
        self.0.cause = Some(Causes(cause).to_string());
        self
    }

    pub fn kind(&self) -> ProblemKind {
        self.0.kind
    }

    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// What `because` noted.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The details in `language`, to be written into a longer answer.
    pub fn body<'a>(
        &'a self,
        language: Language,
        request_id: Option<&'a RequestId>,
        contact: Option<&'a Contact>,
    ) -> ProblemBody<'a> {
        render::body(&self.0, language, request_id, contact)
    }

    /// The response in `language`.
    pub fn render(&self, language: Language, request_id: Option<RequestId>, contact: Option<&Contact>) -> HttpResponse {
        render::render(&self.0, language, request_id, contact)
    }
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self::new(kind)
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        let kind = if error.is_passing() { ProblemKind::Unavailable } else { ProblemKind::Internal };
        Self::new(kind).because(&error)
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::invalid(faults)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind.title().en)
    }
}

impl Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.render(Language::default(), None, None)
    }
}
