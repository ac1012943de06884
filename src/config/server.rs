//! Where and how the service listens.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use super::address::Issuer;
use super::layers::Section;
use super::secret::SecretFile;
use crate::kernel::Network;

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
    pub tls_key: Option<SecretFile>,
    /// A proxy in front ends TLS: plain HTTP may then be bound beyond loopback.
    pub behind_proxy: bool,
    /// Addresses and networks of proxies in front: whom they name in `X-Forwarded-For` is believed, and their
    /// connections have no budget of their own.
    #[validate(length(max = 64, message = "must list at most 64 networks"))]
    pub trusted_proxies: Vec<Network>,
    /// Where metrics and the details of health are served, in clear; nowhere if it is empty.
    #[validate(length(max = 16, message = "must list at most 16 addresses"))]
    pub private_bind: Vec<SocketAddr>,
    /// `private_bind` may name addresses that others than this machine reach.
    pub private_beyond_loopback: bool,
    /// 0: one per core.
    #[validate(range(max = 1024))]
    pub workers: usize,
    #[validate(range(min = 1024, max = 16_777_216))]
    pub body_bytes: usize,
    /// Request line and header fields together.
    #[validate(range(min = 4096, max = 262_144))]
    pub header_bytes: usize,
    #[validate(range(min = 100, max = 60_000))]
    pub head_timeout_ms: u64,
    #[validate(range(min = 100, max = 60_000))]
    pub body_timeout_ms: u64,
    #[validate(range(min = 100, max = 300_000))]
    pub answer_timeout_ms: u64,
    #[validate(range(max = 3600))]
    pub keep_alive_s: u64,
    /// A client that takes nothing of its answer for this long is cut.
    #[validate(range(min = 100, max = 600_000))]
    pub write_timeout_ms: u64,
    /// Connections at once, in all and of one address (IPv6: one /64).
    #[validate(range(min = 16, max = 1_000_000))]
    pub connections: usize,
    #[validate(range(min = 4, max = 1_000_000))]
    pub connections_per_address: usize,
    /// Between *not ready* and the end of listening.
    #[validate(range(max = 600))]
    pub stop_delay_s: u64,
    /// How long a stop waits for running requests.
    #[validate(range(min = 1, max = 600))]
    pub stop_timeout_s: u64,
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
            private_bind: vec![SocketAddr::from(([127, 0, 0, 1], 8081))],
            private_beyond_loopback: false,
            workers: 0,
            body_bytes: 64 * 1024,
            header_bytes: 16 * 1024,
            head_timeout_ms: 5_000,
            body_timeout_ms: 5_000,
            answer_timeout_ms: 10_000,
            keep_alive_s: 60,
            write_timeout_ms: 20_000,
            connections: 8_192,
            connections_per_address: 512,
            stop_delay_s: 0,
            stop_timeout_s: 30,
        }
    }
}

impl Section for ServerConfig {
    const NAME: &'static str = "server";
}

impl ServerConfig {
    /// Certificate chain and key, where TLS is on.
    pub fn tls(&self) -> Option<(&Path, &Path)> {
        self.tls_certificate.as_deref().zip(self.tls_key.as_ref().map(SecretFile::path))
    }

    pub const fn head_timeout(&self) -> Duration {
        Duration::from_millis(self.head_timeout_ms)
    }

    pub const fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    pub const fn answer_timeout(&self) -> Duration {
        Duration::from_millis(self.answer_timeout_ms)
    }

    pub const fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_s)
    }

    pub const fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }

    pub const fn stop_delay(&self) -> Duration {
        Duration::from_secs(self.stop_delay_s)
    }

    pub const fn stop_timeout(&self) -> Duration {
        Duration::from_secs(self.stop_timeout_s)
    }
}

fn belongs_together(server: &ServerConfig) -> Result<(), ValidationError> {
    if server.tls_certificate.is_some() != server.tls_key.is_some() {
        return Err(
            ValidationError::new("tls_pair").with_message("name tls_certificate and tls_key, or neither".into())
        );
    }
    if server.behind_proxy && server.trusted_proxies.is_empty() {
        return Err(ValidationError::new("proxies").with_message(
            "behind_proxy needs trusted_proxies: else all clients are counted as one, the proxy".into(),
        ));
    }
    Ok(())
}
