//! What happens to every request, as one actix middleware, because each layer costs allocations:
//! context, admission, time limit, problems, headers, metrics, access log.

mod access_log;
mod admission;
mod answer;
mod awaited_body;
mod deadline;
mod ids;
mod in_flight;
mod measure;
mod request_middleware;

pub use access_log::{AccessLog, LogLine};
pub use measure::HttpMetrics;
pub use request_middleware::{MiddlewareConfig, RequestMiddleware};
