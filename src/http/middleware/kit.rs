//! The middleware itself.

use std::cell::Cell;
use std::future::{Future, Ready, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, RequestHead, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage};
use futures_util::FutureExt;

use super::access_log::{AccessLog, LogLine};
use super::admission::Admission;
use super::answer::{self, Orphan};
use super::deadline::Deadline;
use super::ids::RequestIds;
use super::measure::{HttpMetrics, RouteMeters};
use crate::http::context::{Arrival, Head};
use crate::http::language::language_of;
use crate::http::limits::Limits;
use crate::http::problem::{Problem, ProblemKind};
use crate::kernel::Entropy;

/// What the log says of a client that went away (as nginx has it).
const CLIENT_GONE: u16 = 499;

/// What the middleware needs. Cheap to clone.
#[derive(Clone)]
pub struct KitConfig {
    pub limits: Arc<Limits>,
    pub metrics: HttpMetrics,
    /// No lines are written where there is none.
    pub access_log: Option<AccessLog>,
    pub entropy: Arc<dyn Entropy>,
    /// Whether clients reach the service by TLS, here or at a proxy in front of it.
    pub secure: bool,
}

/// The outermost middleware: `App::new().wrap(Kit::new(config))`.
pub struct Kit(KitConfig);

impl Kit {
    pub fn new(config: KitConfig) -> Self {
        Self(config)
    }
}

impl<S> Transform<S, ServiceRequest> for Kit
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = KitService<S>;
    type InitError = ();
    type Future = Ready<Result<KitService<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let config = self.0.clone();
        let worker = Worker {
            ids: RequestIds::new(config.entropy.as_ref()),
            admission: Admission::new(config.limits.queue_delay, Instant::now()),
            meters: RouteMeters::new(config.metrics.clone()),
            deadline: Deadline::new(config.limits.answer_timeout),
            config,
        };
        ready(Ok(KitService { service, worker: Rc::new(worker) }))
    }
}

pub struct KitService<S> {
    service: S,
    worker: Rc<Worker>,
}

/// What one worker keeps between requests.
struct Worker {
    config: KitConfig,
    ids: RequestIds,
    admission: Admission,
    meters: RouteMeters,
    deadline: Deadline,
}

impl<S> Service<ServiceRequest> for KitService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let visit = Visit::begin(&self.worker, &request);
        request.extensions_mut().insert(visit.arrival.clone());
        if let Err(problem) = visit.admit(request.head()) {
            let response = answer::told(request.request(), &problem, &visit.arrival);
            let response = request.into_response(response);
            return Box::pin(ready(Ok(visit.finish(response, Some(problem.kind())))));
        }
        let work = AssertUnwindSafe(self.service.call(request)).catch_unwind();
        let deadline = self.worker.deadline.clone();
        Box::pin(async move {
            let work = std::pin::pin!(work);
            let mut work = deadline.keep(visit.arrival.at(), work);
            let mut ended = (&mut work).await;
            let longer = visit.arrival.longer();
            if ended.is_none() && longer > std::time::Duration::ZERO {
                ended = tokio::time::timeout(longer, &mut work).await.ok().flatten();
            }
            match ended {
                Some(Ok(Ok(response))) => {
                    let (request, response) = response.into_parts();
                    let (response, problem) = answer::settle(&request, response, &visit.arrival);
                    Ok(visit.finish(ServiceResponse::new(request, response), problem))
                }
                // No extractor or handler ends here, only a middleware between them and this one.
                Some(Ok(Err(_))) => Err(visit.abandon(ProblemKind::Internal)),
                Some(Err(_panic)) => Err(visit.abandon(ProblemKind::Internal)),
                None => Err(visit.abandon(ProblemKind::Timeout)),
            }
        })
    }
}

/// One request on its way through the service.
struct Visit {
    worker: Rc<Worker>,
    arrival: Arrival,
    method: Method,
    in_flight: i64,
    noted: Cell<bool>,
}

impl Visit {
    fn begin(worker: &Rc<Worker>, request: &ServiceRequest) -> Self {
        let headers = request.headers();
        let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let head = Head {
            at: Instant::now(),
            request_id: worker.ids.of(headers),
            language: language_of(request.head()),
            negative_delay: worker.config.limits.negative_delay,
            secure: worker.config.secure,
            wants_page: accepts.is_some_and(|kinds| kinds.contains("text/html")),
        };
        let counted = worker.config.metrics.in_flight.clone();
        let in_flight = counted.inc();
        let arrival = Arrival::new(head, counted);
        Self { worker: worker.clone(), arrival, method: request.method().clone(), in_flight, noted: Cell::new(false) }
    }

    /// Refuses what must not cost more than a refusal.
    fn admit(&self, head: &RequestHead) -> Result<(), Problem> {
        let limits = &self.worker.config.limits;
        if head_bytes(head.uri.path_and_query().map_or(0, |p| p.as_str().len()), head.headers()) > limits.header_bytes {
            return Err(ProblemKind::HeaderTooLarge.into());
        }
        let path = head.uri.path();
        // Who watches the service must see it under load.
        if path.starts_with("/health/") || path == "/metrics" {
            return Ok(());
        }
        let room = usize::try_from(self.in_flight).is_ok_and(|others| others < limits.in_flight);
        if room && self.worker.admission.admit(self.arrival.at()) {
            return Ok(());
        }
        self.worker.config.metrics.shed.inc();
        Err(ProblemKind::Overloaded.into())
    }

    /// Sends the answer on its way, and notes it once its length is known.
    fn finish(self, response: ServiceResponse, problem: Option<ProblemKind>) -> ServiceResponse {
        let (request, mut response) = response.into_parts();
        answer::add_headers(&mut response, &self.arrival, self.worker.config.secure);
        let known = self.worker.meters.known(request.path());
        let route = known.or_else(|| request.match_pattern().map(Rc::from));
        let status = response.status().as_u16();
        let unread = self.arrival.take_unread();
        let response = match response.body().size() {
            BodySize::Stream => {
                response.map_body(|_, body| BoxBody::new(Tail { body, sent: 0, visit: self, route, status, problem }))
            }
            size => {
                let bytes = if let BodySize::Sized(bytes) = size { bytes } else { 0 };
                self.note(route.as_deref(), status, problem, bytes);
                response
            }
        };
        let response = match unread {
            Some(unread) => response.map_body(|_, body| BoxBody::new(WithUnread { body, _unread: unread })),
            None => response,
        };
        ServiceResponse::new(request, response)
    }

    /// Answers a problem where the request itself is gone.
    fn abandon(self, kind: ProblemKind) -> Error {
        let orphan = Orphan { problem: kind.into(), arrival: self.arrival.clone(), secure: self.worker.config.secure };
        orphan.report();
        self.note(None, kind.status().as_u16(), Some(kind), 0);
        orphan.into()
    }
}

impl Visit {
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

impl Drop for Visit {
    fn drop(&mut self) {
        self.worker.config.metrics.in_flight.dec();
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
    visit: Visit,
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
        self.visit.note(self.route.as_deref(), self.status, self.problem, self.sent);
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
