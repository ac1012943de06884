//! What a request may cost.

use std::time::Duration;

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
        }
    }
}
