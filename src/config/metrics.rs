//! Figures for Prometheus.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use validator::Validate;

use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsConfig {
    pub enabled: bool,
    /// An address of its own; absent: `/metrics` of the service's addresses.
    pub bind: Option<SocketAddr>,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { enabled: true, bind: None }
    }
}

impl Section for MetricsConfig {
    const NAME: &'static str = "metrics";
}
