//! What is known of a request from its first moment: when it came, its id, the caller's language.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

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

struct Parts {
    at: Instant,
    request_id: RequestId,
    language: Language,
    negative_delay: Duration,
    client: RefCell<Option<ClientId>>,
    unread: Cell<Option<Payload>>,
    /// How much longer than others the answer may take.
    longer: Cell<Duration>,
    in_flight: Gauge,
}

/// While it lives, its request waits for news and counts as no work.
pub struct LongPoll(Gauge);

impl Drop for LongPoll {
    fn drop(&mut self) {
        self.0.inc();
    }
}

impl Arrival {
    pub(super) fn new(request_id: RequestId, language: Language, negative_delay: Duration, in_flight: Gauge) -> Self {
        Self(Rc::new(Parts {
            at: Instant::now(),
            request_id,
            language,
            negative_delay,
            client: RefCell::new(None),
            unread: Cell::new(None),
            longer: Cell::new(Duration::ZERO),
            in_flight,
        }))
    }

    /// The request waits up to `wait` for news: its answer may take so much longer, and it takes no
    /// place among the requests in work until what this gives is dropped.
    pub fn long_poll(&self, wait: Duration) -> LongPoll {
        self.0.longer.set(wait);
        self.0.in_flight.dec();
        LongPoll(self.0.in_flight.clone())
    }

    /// How much longer than others this answer may take.
    pub(super) fn longer(&self) -> Duration {
        self.0.longer.get()
    }

    /// When the head of the request had come (monotonic).
    pub fn at(&self) -> Instant {
        self.0.at
    }

    pub fn request_id(&self) -> RequestId {
        self.0.request_id
    }

    pub fn language(&self) -> Language {
        self.0.language
    }

    pub(super) fn negative_delay(&self) -> Duration {
        self.0.negative_delay
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

/// The better liked of the two languages in an `Accept-Language` field (RFC 9110 section 12.5.4).
pub(super) fn language_of(accept_language: Option<&str>) -> Language {
    let mut best = (Language::Vi, 0);
    for range in accept_language.unwrap_or_default().split(',') {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let primary = tag.split('-').next().unwrap_or_default();
        let language = if primary.eq_ignore_ascii_case("en") {
            Language::En
        } else if primary.eq_ignore_ascii_case("vi") || primary == "*" {
            Language::Vi
        } else {
            continue;
        };
        let quality = parts.find_map(|p| p.trim().strip_prefix("q=")).map_or(1000, thousandths);
        if quality > best.1 {
            best = (language, quality);
        }
    }
    best.0
}

fn thousandths(quality: &str) -> u32 {
    quality.trim().parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1000.0) as u32)
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

    #[test]
    fn vietnamese_unless_english_is_liked_better() {
        for (field, language) in [
            (None, Language::Vi),
            (Some(""), Language::Vi),
            (Some("en"), Language::En),
            (Some("en-GB,en;q=0.9,vi;q=0.8"), Language::En),
            (Some("fr, vi;q=0.5, en;q=0.7"), Language::En),
            (Some("vi-VN, en"), Language::Vi),
            (Some("en;q=0"), Language::Vi),
            (Some("*"), Language::Vi),
            (Some("en;q=x"), Language::Vi),
        ] {
            assert_eq!(language_of(field), language, "{field:?}");
        }
    }
}
