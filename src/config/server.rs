//! Where and how the service listens.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::address::{Issuer, Network};
use super::layers::Section;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
#[validate(schema(function = "belongs_together", skip_on_field_errors = false))]
pub struct ServerConfig {
    /// Addresses to listen on, IPv4 and IPv6.
    #[validate(length(min = 1, max = 16, message = "must list 1 to 16 addresses"))]
    pub bind: Vec<SocketAddr>,
    /// The public base URL; also the issuer of tokens.
    pub issuer: Option<Issuer>,
    /// Certificate chain in PEM; TLS is on when both files are named.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// A proxy in front ends TLS: plain HTTP may then be bound beyond loopback.
    pub behind_proxy: bool,
    /// Whose word about the caller's address is believed.
    pub trusted_proxies: Vec<Network>,
    /// 0: one per core.
    #[validate(range(max = 1024))]
    pub workers: usize,
    #[validate(range(min = 1, max = 1_000_000))]
    pub connections: usize,
    #[validate(range(min = 1024, max = 16_777_216))]
    pub body_bytes: usize,
    #[validate(range(min = 1024, max = 1_048_576))]
    pub batch_line_bytes: usize,
    #[validate(range(min = 100, max = 60_000))]
    pub header_timeout_ms: u64,
    #[validate(range(min = 100, max = 300_000))]
    pub request_timeout_ms: u64,
    #[validate(range(max = 3600))]
    pub keep_alive_s: u64,
    /// How long a stop waits for running requests.
    #[validate(range(max = 600))]
    pub shutdown_timeout_s: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            bind: vec![SocketAddr::from(([127, 0, 0, 1], 8080))],
            issuer: None,
            tls_certificate: None,
            tls_key: None,
            behind_proxy: false,
            trusted_proxies: Vec::new(),
            workers: 0,
            connections: 10_000,
            body_bytes: 64 * 1024,
            batch_line_bytes: 16 * 1024,
            header_timeout_ms: 5_000,
            request_timeout_ms: 10_000,
            keep_alive_s: 75,
            shutdown_timeout_s: 30,
        }
    }
}

impl Section for ServerConfig {
    const NAME: &'static str = "server";
}

impl ServerConfig {
    /// Certificate chain and key, where TLS is on.
    pub fn tls(&self) -> Option<(&PathBuf, &PathBuf)> {
        self.tls_certificate.as_ref().zip(self.tls_key.as_ref())
    }

    pub const fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    pub const fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    pub const fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_s)
    }

    pub const fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_timeout_s)
    }
}

fn belongs_together(server: &ServerConfig) -> Result<(), ValidationError> {
    if server.tls_certificate.is_some() != server.tls_key.is_some() {
        return Err(
            ValidationError::new("tls_pair").with_message("name tls_certificate and tls_key, or neither".into())
        );
    }
    Ok(())
}
