//! One request on its way through the service: admitted, answered, counted, logged.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{Error, HttpRequest, HttpResponse};

use super::access_log::LogLine;
use super::answer::{self, Orphan};
use super::request_middleware::Worker;
use crate::http::connection::Connection;
use crate::http::context::{Arrival, Head};
use crate::http::language::language_of;
use crate::http::problem::{Problem, ProblemKind};

/// What the log says of a client that went away (as nginx has it).
const CLIENT_GONE: u16 = 499;
/// A longer answer goes to the connection in pieces of this many bytes, so that a client that does not read
/// it holds no copy of the whole.
const PIECE: usize = 32 * 1024;

pub(super) struct InFlightRequest {
    worker: Rc<Worker>,
    pub(super) arrival: Arrival,
    method: Method,
    /// Requests in work when this one came.
    others: i64,
    noted: Cell<bool>,
}

impl InFlightRequest {
    pub(super) fn begin(worker: &Rc<Worker>, request: &ServiceRequest, connection: Option<Arc<Connection>>) -> Self {
        let headers = request.headers();
        let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let head = Head {
            at: Instant::now(),
            request_id: worker.ids.of(headers),
            language: language_of(request.head()),
            negative_delay: worker.config.limits.negative_delay,
            secure: worker.config.secure,
            wants_page: accepts.is_some_and(|kinds| kinds.contains("text/html")),
            contact: worker.config.contact.clone(),
        };
        let in_flight = worker.config.metrics.in_flight.clone();
        let others = in_flight.inc();
        let arrival = Arrival::new(head, in_flight, connection);
        Self { worker: worker.clone(), arrival, method: request.method().clone(), others, noted: Cell::new(false) }
    }

    /// Refuses what must not cost more than a refusal.
    pub(super) fn admit(&self, head: &RequestHead) -> Result<(), Problem> {
        let limits = &self.worker.config.limits;
        if head_bytes(head.uri.path_and_query().map_or(0, |p| p.as_str().len()), head.headers()) > limits.header_bytes {
            return Err(ProblemKind::HeaderTooLarge.into());
        }
        // Who watches the service must see it under load.
        if head.uri.path().starts_with("/health/") {
            return Ok(());
        }
        let room = usize::try_from(self.others).is_ok_and(|others| others < limits.in_flight);
        if room && self.worker.admission.admit(self.arrival.at()) {
            return Ok(());
        }
        self.worker.config.metrics.shed.inc();
        Err(ProblemKind::Overloaded.into())
    }

    /// What leaves in the place of `response`, and its problem.
    pub(super) fn settle(&self, request: &HttpRequest, response: HttpResponse) -> (HttpResponse, Option<ProblemKind>) {
        if !self.arrival.was_shed() {
            return answer::settle(request, response, &self.arrival);
        }
        self.worker.config.metrics.shed.inc();
        let problem = Problem::from(ProblemKind::Overloaded);
        (answer::told(request, &problem, &self.arrival), Some(problem.kind()))
    }

    /// Sends the answer on its way, and notes it once its length is known.
    pub(super) fn finish(self, response: ServiceResponse, problem: Option<ProblemKind>) -> ServiceResponse {
        let (request, mut response) = response.into_parts();
        answer::add_headers(&mut response, &self.arrival, self.worker.config.secure);
        let known = self.worker.meters.known(request.path());
        let route = known.or_else(|| request.match_pattern().map(Rc::from));
        let status = response.status().as_u16();
        let unread = self.arrival.take_unread();
        self.arrival.begin_answer();
        let response = match response.body().size() {
            BodySize::Stream => {
                response.map_body(|_, body| BoxBody::new(Tail { body, sent: 0, request: self, route, status, problem }))
            }
            size => {
                let bytes = if let BodySize::Sized(bytes) = size { bytes } else { 0 };
                self.note(route.as_deref(), status, problem, bytes);
                if bytes > PIECE as u64 { response.map_body(|_, body| in_pieces(body)) } else { response }
            }
        };
        let response = match unread {
            Some(unread) => response.map_body(|_, body| BoxBody::new(WithUnread { body, _unread: unread })),
            None => response,
        };
        ServiceResponse::new(request, response)
    }

    /// Answers a problem where the request itself is gone.
    pub(super) fn abandon(self, kind: ProblemKind) -> Error {
        let orphan = Orphan { problem: kind.into(), arrival: self.arrival.clone(), secure: self.worker.config.secure };
        orphan.report();
        self.note(None, kind.status().as_u16(), Some(kind), 0);
        orphan.into()
    }

    /// Counts the answer and writes its line.
    fn note(&self, route: Option<&str>, status: u16, problem: Option<ProblemKind>, bytes: u64) {
        let Worker { config, meters, .. } = self.worker.as_ref();
        self.noted.set(true);
        let route = route.unwrap_or("unmatched");
        let duration = self.arrival.at().elapsed();
        meters.observe(route, status, duration);
        if let Some(kind) = problem {
            config.metrics.count_problem(kind);
        }
        let Some(log) = &config.access_log else { return };
        self.arrival.with_client(|client| {
            log.write(&LogLine {
                method: known(&self.method),
                route,
                status,
                duration,
                client,
                request_id: self.arrival.request_id().as_str(),
                bytes,
                problem: problem.map(ProblemKind::slug),
            });
        });
    }
}

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        self.arrival.end();
        if !self.noted.get() {
            // The client went away before it was answered.
            self.note(None, CLIENT_GONE, None, 0);
        }
    }
}

/// The body of a streamed answer; when it is dropped, the answer is over.
struct Tail {
    body: BoxBody,
    sent: u64,
    request: InFlightRequest,
    route: Option<Rc<str>>,
    status: u16,
    problem: Option<ProblemKind>,
}

impl MessageBody for Tail {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = Pin::new(&mut self.body).poll_next(cx);
        if let Poll::Ready(Some(Ok(chunk))) = &next {
            self.sent += chunk.len() as u64;
        }
        next
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.request.note(self.route.as_deref(), self.status, self.problem, self.sent);
    }
}

/// An answer to a request whose body was not read whole (see [`Arrival::leave_unread`]).
struct WithUnread {
    body: BoxBody,
    _unread: Payload,
}

impl MessageBody for WithUnread {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

/// A long body that is in memory, a piece at a time.
struct Pieces(Bytes);

fn in_pieces(body: BoxBody) -> BoxBody {
    match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(Pieces(bytes)),
        Err(body) => body,
    }
}

impl MessageBody for Pieces {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let piece = self.0.len().min(PIECE);
        let piece = self.0.split_to(piece);
        Poll::Ready((!piece.is_empty()).then_some(Ok(piece)))
    }
}

/// The bytes of the request line's target and the header fields.
fn head_bytes(target: usize, headers: &HeaderMap) -> usize {
    target + headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
}

/// Methods are free text; only those there are go to the log.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    }
}
