//! What is known of a request from its first moment: when it came, its id, the caller's language.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::Contact;
use super::connection::Connection;
use super::problem::{Problem, ProblemKind};
use crate::kernel::id::has_digit_run;
use crate::kernel::{ClientId, Language};
use crate::telemetry::metrics::Gauge;

/// Names one request in answers and logs: 8–64 of `A-Z a-z 0-9 -`, without nine digits in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    bytes: [u8; Self::MAX],
    length: u8,
}

impl RequestId {
    const MIN: usize = 8;
    const MAX: usize = 64;

    /// The caller's own id, if it is well formed.
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = (Self::MIN..=Self::MAX).contains(&text.len())
            && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !has_digit_run(text, 9);
        shaped.then(|| {
            let mut bytes = [0; Self::MAX];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            Self { bytes, length: text.len() as u8 }
        })
    }

    /// An id of our own: 24 letters `a`–`p`, four bits each.
    pub(super) fn of_numbers(worker: u32, request: u64) -> Self {
        let mut bytes = [0; Self::MAX];
        let number = u128::from(worker) << 64 | u128::from(request);
        for (place, letter) in bytes[..24].iter_mut().enumerate() {
            *letter = b'a' + (number >> (92 - 4 * place) & 15) as u8;
        }
        Self { bytes, length: 24 }
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

/// The request's context. Handlers take it as an argument; cheap to clone.
#[derive(Clone)]
pub struct Arrival(Rc<Parts>);

/// What is known from the head of a request and the service's settings.
pub(super) struct Head {
    pub at: Instant,
    pub request_id: RequestId,
    pub language: Language,
    pub negative_delay: Duration,
    /// Whether the client reached the service by TLS.
    pub secure: bool,
    /// Whether a browser asks for a page: `Accept` names HTML.
    pub wants_page: bool,
    pub contact: Option<Arc<Contact>>,
}

struct Parts {
    head: Head,
    client: RefCell<Option<ClientId>>,
    unread: Cell<Option<Payload>>,
    /// How much longer than others the answer may take.
    longer: Cell<Duration>,
    in_flight: Gauge,
    /// Whether it counts among the requests in work.
    counted: Cell<bool>,
    /// Its body came when there was no place any more.
    shed: Cell<bool>,
    /// Its answer is on its way: whatever comes of its body, it is not shed.
    answering: Cell<bool>,
    /// It was answered, or its client is gone; what is left of its body counts for nothing.
    over: Cell<bool>,
    /// Absent where a slice is tested without a server.
    connection: Option<Arc<Connection>>,
}

/// While it lives, its request waits for news and counts as no work; its connection may have to make room.
pub struct LongPoll {
    in_flight: Gauge,
    connection: Option<Arc<Connection>>,
}

impl Drop for LongPoll {
    fn drop(&mut self) {
        self.in_flight.inc();
        if let Some(connection) = &self.connection {
            connection.await_news(false);
        }
    }
}

impl Arrival {
    /// A request that counts among those in work, as `in_flight` says already.
    pub(super) fn new(head: Head, in_flight: Gauge, connection: Option<Arc<Connection>>) -> Self {
        if let Some(connection) = &connection {
            connection.begin_request(false);
        }
        Self(Rc::new(Parts {
            head,
            client: RefCell::new(None),
            unread: Cell::new(None),
            longer: Cell::new(Duration::ZERO),
            in_flight,
            counted: Cell::new(true),
            shed: Cell::new(false),
            answering: Cell::new(false),
            over: Cell::new(false),
            connection,
        }))
    }

    /// The request has a body, which is read as it comes.
    pub(super) fn expect_body(&self) {
        if let Some(connection) = &self.0.connection {
            connection.expect_body();
        }
    }

    /// The body is waited for: until it has come the request takes no place among those in work.
    pub(super) fn wait_for_body(&self) {
        if self.0.over.get() {
            return;
        }
        if self.0.counted.replace(false) {
            self.0.in_flight.dec();
        }
        if let Some(connection) = &self.0.connection {
            connection.await_body(true);
        }
    }

    /// A part of the body came.
    pub(super) fn receive_body(&self) {
        if let Some(connection) = self.0.connection.as_ref().filter(|_| !self.0.over.get()) {
            connection.await_body(false);
        }
    }

    /// The body is there, and with it the request takes its place among the at most `most` in work. False
    /// where there is none: the request is shed.
    pub(super) fn end_body(&self, most: usize) -> bool {
        if self.0.over.get() {
            return true;
        }
        if let Some(connection) = &self.0.connection {
            connection.end_body();
        }
        if self.0.counted.replace(true) {
            return true;
        }
        let others = self.0.in_flight.inc();
        if self.0.answering.get() || usize::try_from(others).is_ok_and(|others| others < most) {
            return true;
        }
        self.0.shed.set(true);
        false
    }

    /// Whether there was no place left for it when its body had come.
    pub(super) fn was_shed(&self) -> bool {
        self.0.shed.get()
    }

    pub(super) fn begin_answer(&self) {
        self.0.answering.set(true);
    }

    /// The request is over: answered, or its client is gone.
    pub(super) fn end(&self) {
        self.0.over.set(true);
        if self.0.counted.replace(false) {
            self.0.in_flight.dec();
        }
        if let Some(connection) = &self.0.connection {
            connection.end_request();
        }
    }

    /// The request waits up to `wait` for news: its answer may take so much longer, and it takes no
    /// place among the requests in work until what this gives is dropped.
    pub fn long_poll(&self, wait: Duration) -> LongPoll {
        self.0.longer.set(wait);
        self.0.in_flight.dec();
        let connection = self.0.connection.clone();
        if let Some(connection) = &connection {
            connection.await_news(true);
        }
        LongPoll { in_flight: self.0.in_flight.clone(), connection }
    }

    /// The answer may take so much longer than others: the body is large, or the work is.
    pub fn take_longer(&self, time: Duration) {
        self.0.longer.set(time);
    }

    /// How much longer than others this answer may take.
    pub(super) fn longer(&self) -> Duration {
        self.0.longer.get()
    }

    /// When the head of the request had come (monotonic).
    pub fn at(&self) -> Instant {
        self.0.head.at
    }

    pub fn request_id(&self) -> RequestId {
        self.0.head.request_id
    }

    pub fn language(&self) -> Language {
        self.0.head.language
    }

    /// Whether the client reached the service by TLS, here or at a proxy in front of it.
    pub fn is_secure(&self) -> bool {
        self.0.head.secure
    }

    /// Whom the caller turns to.
    pub fn contact(&self) -> Option<&Contact> {
        self.0.head.contact.as_deref()
    }

    pub(super) fn wants_page(&self) -> bool {
        self.0.head.wants_page
    }

    pub(super) fn negative_delay(&self) -> Duration {
        self.0.head.negative_delay
    }

    /// Notes who is calling, for the access log.
    pub fn note_client(&self, client: &ClientId) {
        *self.0.client.borrow_mut() = Some(client.clone());
    }

    pub(super) fn with_client<T>(&self, read: impl FnOnce(Option<&str>) -> T) -> T {
        read(self.0.client.borrow().as_ref().map(ClientId::as_str))
    }

    /// Hands over a body that nobody will read further. It must live until the answer is sent: actix
    /// reads a dropped body to its end, however slowly that comes, and closes the connection after
    /// one that is still held.
    pub(super) fn leave_unread(&self, body: Payload) {
        self.0.unread.set(Some(body));
    }

    pub(super) fn take_unread(&self) -> Option<Payload> {
        self.0.unread.take()
    }

    /// The context that the outermost middleware gave `request`.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }
}

impl FromRequest for Arrival {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Absent only where a server was assembled without the kit's middleware.
        ready(Self::of(request).ok_or_else(|| Problem::new(ProblemKind::Internal)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_never_carry_a_number() {
        for good in ["abcd-123", "a1b2c3d4", &"x".repeat(64)] {
            assert_eq!(RequestId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "short", "with space", "under_score", "a097099000001", &"x".repeat(65)] {
            assert!(RequestId::parse(bad).is_none(), "{bad}");
        }
        let own = RequestId::of_numbers(7, u64::MAX - 5);
        assert_eq!(RequestId::parse(own.as_str()), Some(own));
        assert_eq!(own.as_str(), "aaaaaaahppppppppppppppp\u{6b}");
    }
}
