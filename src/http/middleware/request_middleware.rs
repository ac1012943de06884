//! The middleware itself: what every request passes, first and last.

use std::future::{Future, Ready, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use futures_util::FutureExt;

use super::access_log::AccessLog;
use super::admission::Admission;
use super::answer;
use super::awaited_body::await_body;
use super::deadline::Deadline;
use super::ids::RequestIds;
use super::in_flight::InFlightRequest;
use super::measure::{HttpMetrics, RouteMeters};
use crate::http::Contact;
use crate::http::connection::Connection;
use crate::http::limits::Limits;
use crate::http::problem::ProblemKind;
use crate::kernel::Entropy;

/// What the middleware needs. Cheap to clone.
#[derive(Clone)]
pub struct MiddlewareConfig {
    pub limits: Arc<Limits>,
    pub metrics: HttpMetrics,
    /// No lines are written where there is none.
    pub access_log: Option<AccessLog>,
    pub entropy: Arc<dyn Entropy>,
    /// Whether clients reach the service by TLS, here or at a proxy in front of it.
    pub secure: bool,
    /// Whom callers turn to.
    pub contact: Option<Arc<Contact>>,
}

/// The outermost middleware: `App::new().wrap(RequestMiddleware::new(config))`.
pub struct RequestMiddleware(MiddlewareConfig);

impl RequestMiddleware {
    pub fn new(config: MiddlewareConfig) -> Self {
        Self(config)
    }
}

impl<S> Transform<S, ServiceRequest> for RequestMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error> + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = RequestService<S>;
    type InitError = ();
    type Future = Ready<Result<RequestService<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let config = self.0.clone();
        let worker = Worker {
            ids: RequestIds::new(config.entropy.as_ref()),
            admission: Admission::new(config.limits.queue_delay, Instant::now()),
            meters: RouteMeters::new(config.metrics.clone()),
            deadline: Deadline::new(config.limits.answer_timeout),
            config,
        };
        ready(Ok(RequestService { service: Rc::new(service), worker: Rc::new(worker) }))
    }
}

pub struct RequestService<S> {
    service: Rc<S>,
    worker: Rc<Worker>,
}

/// What one worker keeps between requests.
pub(super) struct Worker {
    pub(super) config: MiddlewareConfig,
    pub(super) ids: RequestIds,
    pub(super) admission: Admission,
    pub(super) meters: RouteMeters,
    deadline: Deadline,
}

type Answering = Pin<Box<dyn Future<Output = Result<ServiceResponse, Error>>>>;

impl<S> Service<ServiceRequest> for RequestService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error> + 'static,
    S::Future: 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = Answering;

    actix_web::dev::forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let connection = request.conn_data::<Arc<Connection>>().cloned();
        match connection {
            // Sent ahead of the answer before it: begun once that is on its way, so that a client that does
            // not read piles up no answers.
            Some(connection) if !connection.may_begin() => {
                let (service, worker) = (Rc::clone(&self.service), Rc::clone(&self.worker));
                Box::pin(async move {
                    connection.ready().await;
                    handle(&*service, &worker, request, Some(connection)).await
                })
            }
            connection => handle(&*self.service, &self.worker, request, connection),
        }
    }
}

/// Answers one request.
fn handle<S>(
    service: &S,
    worker: &Rc<Worker>,
    mut request: ServiceRequest,
    connection: Option<Arc<Connection>>,
) -> Answering
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
    S::Future: 'static,
{
    let in_flight = InFlightRequest::begin(worker, &request, connection);
    request.extensions_mut().insert(in_flight.arrival.clone());
    if let Err(problem) = in_flight.admit(request.head()) {
        let response = answer::told(request.request(), &problem, &in_flight.arrival);
        let response = request.into_response(response);
        return Box::pin(ready(Ok(in_flight.finish(response, Some(problem.kind())))));
    }
    await_body(&mut request, &in_flight.arrival, worker.config.limits.in_flight);
    let work = AssertUnwindSafe(service.call(request)).catch_unwind();
    let deadline = worker.deadline.clone();
    Box::pin(async move {
        let work = std::pin::pin!(work);
        let mut work = deadline.keep(in_flight.arrival.at(), work);
        let mut ended = (&mut work).await;
        let longer = in_flight.arrival.longer();
        if ended.is_none() && longer > Duration::ZERO {
            ended = tokio::time::timeout(longer, &mut work).await.ok().flatten();
        }
        match ended {
            Some(Ok(Ok(response))) => {
                let (request, response) = response.into_parts();
                let (response, problem) = in_flight.settle(&request, response);
                Ok(in_flight.finish(ServiceResponse::new(request, response), problem))
            }
            // No extractor or handler ends here, only a middleware between them and this one.
            Some(Ok(Err(_))) => Err(in_flight.abandon(ProblemKind::Internal)),
            Some(Err(_panic)) => Err(in_flight.abandon(ProblemKind::Internal)),
            None => Err(in_flight.abandon(ProblemKind::Timeout)),
        }
    })
}
