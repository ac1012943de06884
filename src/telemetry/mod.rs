//! Logging, metrics and health: what operators see of the service. Never personal data.

pub mod health;
pub mod logging;
pub mod metrics;
mod process;
mod redact;

pub use health::{Health, Probe};
pub use metrics::Metrics;
