//! What happens to every request, as one actix middleware, because each layer costs allocations:
//! context, admission, time limit, problems, headers, metrics, access log.

mod access_log;
mod admission;
mod answer;
mod deadline;
mod ids;
mod kit;
mod measure;

pub use access_log::{AccessLog, LogLine};
pub use kit::{Kit, KitConfig};
pub use measure::HttpMetrics;
