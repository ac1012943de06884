//! What a request may cost.

use std::time::Duration;

use super::connection::ConnectionLimits;
use crate::kernel::Network;

/// Bounds on requests; the defaults fit the operations of `docs/api.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest JSON body in bytes.
    pub body_bytes: usize,
    /// Longest request line and header fields together, in bytes.
    pub header_bytes: usize,
    /// A request's head must have come within this time of its first byte.
    pub head_timeout: Duration,
    /// A JSON body must have come whole within this time.
    pub body_timeout: Duration,
    /// The longest a handler may take to begin its answer.
    pub answer_timeout: Duration,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// Negative answers about people leave this long after arrival.
    pub negative_delay: Duration,
    /// Most requests in work at once; further ones are shed.
    pub in_flight: usize,
    /// Requests are shed while they wait longer than this for their worker.
    pub queue_delay: Duration,
    /// A client that takes nothing of its answer for this long is cut.
    pub write_timeout: Duration,
    /// Most connections at once.
    pub connections: usize,
    /// Most of them from one address (IPv6: from one /64).
    pub connections_per_address: usize,
    /// Proxies in front of the service: their connections have no budget of their own, and whom they name
    /// last in `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Requests without an account that make work, from one address in a minute.
    pub anonymous_per_minute: u32,
    /// The next line of a batch must have come whole within this time.
    pub line_timeout: Duration,
    /// The longest that a batch may last.
    pub batch_timeout: Duration,
}

impl Limits {
    /// What of it bounds connections.
    pub fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            most: self.connections,
            per_address: self.connections_per_address,
            trusted_proxies: self.trusted_proxies.clone(),
            head_timeout: self.head_timeout,
            keep_alive: self.keep_alive,
            write_timeout: self.write_timeout,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            header_bytes: 16 * 1024,
            head_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(60),
            negative_delay: Duration::from_millis(25),
            in_flight: 2048,
            queue_delay: Duration::from_millis(50),
            write_timeout: Duration::from_secs(20),
            connections: 8_192,
            connections_per_address: 512,
            trusted_proxies: Vec::new(),
            anonymous_per_minute: 60,
            line_timeout: Duration::from_secs(30),
            batch_timeout: Duration::from_secs(3600),
        }
    }
}
