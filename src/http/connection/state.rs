//! What one connection is doing. Its worker says so, the room's watch reads it from another thread.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;

use super::room::ConnectionLimits;
use crate::kernel::AddressGroup;

/// What a client may send ahead of the answer it waits for, in bytes; the rest waits in its own buffers.
const MOST_AHEAD: usize = 2 * 1024;
/// No write waits.
const NEVER: u64 = u64::MAX;
/// A connection that has said nothing yet, a request that waits for its body, or an answer for its reader, is left
/// this long before it may have to make room for a newcomer, in milliseconds.
const SPARED: u64 = 1_000;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing has come from it yet.
    New,
    /// Between an answer and the next request.
    Idle,
    /// A request's head has begun to come.
    Head,
    /// A request is at work, its body and its streamed answer included.
    Request,
}

impl Phase {
    fn of(number: u8) -> Self {
        [Self::New, Self::Idle, Self::Head, Self::Request][usize::from(number) & 3]
    }
}

/// How a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// As if the client had sent its last byte: what is at work is answered.
    Orderly,
    /// At once.
    Cut,
}

/// How soon a connection may be given up for a newcomer: the lower first, then the longer ago.
pub(super) type Dispensable = (u8, u64);

/// One client's connection. The transport and the middleware say what happens on it.
#[derive(Debug)]
pub struct Connection {
    pub(super) slot: usize,
    /// `None` where its address has no budget: a trusted proxy.
    pub(super) group: Option<AddressGroup>,
    /// Milliseconds of the room, a quarter of a second exact.
    time: Arc<AtomicU64>,
    phase: AtomicU8,
    since: AtomicU64,
    /// Since when a write has waited without any byte being taken.
    blocked_since: AtomicU64,
    /// The request at work has a body, and when it began to be waited for.
    has_body: AtomicBool,
    body_awaited_since: AtomicU64,
    /// Bytes that came while requests were at work, beside their bodies, since one began that had not come ahead.
    ahead: AtomicUsize,
    /// An answer was begun that is not handed over to the network yet.
    unsent: AtomicBool,
    /// Something waits for that: the next request, or the reading of it.
    awaits_sending: AtomicBool,
    /// Reading waits for the end of the request.
    awaits_answer: AtomicBool,
    /// The next request has come already: it begins before any more is read.
    reading_rests: AtomicBool,
    end: AtomicU8,
    waker: AtomicWaker,
}

impl Connection {
    pub(super) fn new(slot: usize, group: Option<AddressGroup>, time: Arc<AtomicU64>) -> Self {
        let now = time.load(Ordering::Relaxed);
        Self {
            slot,
            group,
            time,
            phase: AtomicU8::new(Phase::New as u8),
            since: AtomicU64::new(now),
            blocked_since: AtomicU64::new(NEVER),
            has_body: AtomicBool::new(false),
            body_awaited_since: AtomicU64::new(NEVER),
            ahead: AtomicUsize::new(0),
            unsent: AtomicBool::new(false),
            awaits_sending: AtomicBool::new(false),
            awaits_answer: AtomicBool::new(false),
            reading_rests: AtomicBool::new(false),
            end: AtomicU8::new(0),
            waker: AtomicWaker::new(),
        }
    }

    fn now(&self) -> u64 {
        self.time.load(Ordering::Relaxed)
    }

    fn phase(&self) -> Phase {
        Phase::of(self.phase.load(Ordering::Relaxed))
    }

    fn enter(&self, phase: Phase) {
        self.since.store(self.now(), Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    // What the transport says and asks.

    /// Bytes came.
    pub fn received(&self, bytes: usize) {
        match self.phase() {
            Phase::New | Phase::Idle => self.enter(Phase::Head),
            Phase::Head => {}
            Phase::Request if self.has_body.load(Ordering::Relaxed) => {}
            Phase::Request => {
                self.ahead.fetch_add(bytes, Ordering::Relaxed);
            }
        }
    }

    /// Whether more may be read now. Where it may not, the transport's task is woken once it may.
    pub fn may_read(&self) -> bool {
        if self.unsent.load(Ordering::Relaxed) {
            self.awaits_sending.store(true, Ordering::Relaxed);
            return false;
        }
        let ahead = self.phase() == Phase::Request && self.ahead.load(Ordering::Relaxed) >= MOST_AHEAD;
        if ahead {
            self.awaits_answer.store(true, Ordering::Relaxed);
        }
        !ahead
    }

    /// Whether what waited for the sending of an answer has its turn before any more is read; once. The
    /// transport's task is not woken for it.
    pub fn rests(&self) -> bool {
        self.reading_rests.swap(false, Ordering::Relaxed)
    }

    /// Whether a body is being read, of which much may come at once.
    pub fn takes_body(&self) -> bool {
        self.phase() == Phase::Request && self.has_body.load(Ordering::Relaxed)
    }

    /// The network took none of what was to be written.
    pub fn write_blocked(&self) {
        if self.blocked_since.load(Ordering::Relaxed) == NEVER {
            self.blocked_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// The network took some of it.
    pub fn write_progressed(&self) {
        self.blocked_since.store(NEVER, Ordering::Relaxed);
    }

    /// The network took all there was; whether something waits for that, so that the task has to be polled
    /// again.
    pub fn sent(&self) -> bool {
        self.write_progressed();
        self.unsent.store(false, Ordering::Relaxed);
        let awaited = self.awaits_sending.swap(false, Ordering::Relaxed);
        if awaited {
            self.reading_rests.store(true, Ordering::Relaxed);
        }
        awaited
    }

    /// Whether nothing is at work and nothing is to be sent: a head is waited for, or the rest of it.
    pub fn awaits_head(&self) -> bool {
        matches!(self.phase(), Phase::New | Phase::Head) && self.may_begin()
    }

    /// Whom to wake when the connection has to end.
    pub fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// How it has to end, if it has to.
    pub fn end(&self) -> Option<End> {
        match self.end.load(Ordering::Acquire) {
            0 => None,
            1 => Some(End::Orderly),
            _ => Some(End::Cut),
        }
    }

    /// Until it has to end.
    pub async fn ended(&self) {
        poll_fn(|cx| {
            self.register(cx.waker());
            if self.end().is_some() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    // What the middleware says and asks.

    /// Whether the next request may begin: the answer before it was taken by the network.
    pub fn may_begin(&self) -> bool {
        !self.unsent.load(Ordering::Relaxed)
    }

    /// Until the next request may begin. Polled by the connection's own task.
    pub async fn ready(&self) {
        poll_fn(|_| {
            if self.may_begin() {
                return Poll::Ready(());
            }
            self.awaits_sending.store(true, Ordering::Relaxed);
            Poll::Pending
        })
        .await;
    }

    pub fn begin_request(&self, has_body: bool) {
        // One that begins without anything having come since the last answer was sent ahead, and more may wait
        // behind it: what was read ahead is not forgotten before all of it has begun.
        if self.phase() != Phase::Idle {
            self.ahead.store(0, Ordering::Relaxed);
        }
        self.has_body.store(has_body, Ordering::Relaxed);
        self.enter(Phase::Request);
    }

    /// The request at work has a body, which is read as it comes.
    pub fn expect_body(&self) {
        self.has_body.store(true, Ordering::Relaxed);
    }

    /// The request's body is waited for, or no longer.
    pub fn await_body(&self, awaited: bool) {
        let since = if awaited { self.now() } else { NEVER };
        if !awaited || self.body_awaited_since.load(Ordering::Relaxed) == NEVER {
            self.body_awaited_since.store(since, Ordering::Relaxed);
        }
    }

    /// The request waits for news, or no longer: like one whose body is awaited, it may have to make room.
    pub fn await_news(&self, awaited: bool) {
        self.await_body(awaited);
    }

    /// The body has come whole, or nobody reads it.
    pub fn end_body(&self) {
        self.has_body.store(false, Ordering::Relaxed);
        self.body_awaited_since.store(NEVER, Ordering::Relaxed);
    }

    /// The answer was made; it is still to be sent.
    pub fn end_request(&self) {
        self.end_body();
        self.unsent.store(true, Ordering::Relaxed);
        if self.awaits_answer.swap(false, Ordering::Relaxed) {
            self.awaits_sending.store(true, Ordering::Relaxed);
        }
        self.enter(Phase::Idle);
    }

    // What the room asks and decides.

    pub(super) fn give_up(&self, end: End) {
        self.end.fetch_max(1 + u8::from(end == End::Cut), Ordering::AcqRel);
        self.waker.wake();
    }

    /// How it ends where it has to make room. Whoever does not read what is being sent is not waited for.
    pub(super) fn yielding(&self) -> End {
        let blocked = self.blocked_since.load(Ordering::Relaxed) != NEVER;
        if !blocked && matches!(self.phase(), Phase::New | Phase::Idle) { End::Orderly } else { End::Cut }
    }

    pub(super) fn is_at_work(&self) -> bool {
        self.phase() == Phase::Request
    }

    /// Whether it may have to make room, and before whom.
    pub(super) fn dispensable(&self) -> Option<Dispensable> {
        let waited = |since: u64| since != NEVER && self.now().saturating_sub(since) >= SPARED;
        let blocked = self.blocked_since.load(Ordering::Relaxed);
        let body = self.body_awaited_since.load(Ordering::Relaxed);
        let since = self.since.load(Ordering::Relaxed);
        match self.phase() {
            _ if waited(blocked) => Some((3, blocked)),
            // The first bytes of one that has just come may be on their way: among many that begin heads and leave
            // it there, it would always be the next to go.
            Phase::New if !waited(since) => Some((1, since)),
            Phase::New | Phase::Idle => Some((0, since)),
            Phase::Head => Some((1, since)),
            Phase::Request if waited(body) => Some((2, body)),
            Phase::Request => None,
        }
    }

    /// Whether its time is over, and why.
    pub(super) fn overdue(&self, limits: &ConnectionLimits) -> Option<(End, &'static str)> {
        let over = |since: u64, limit: Duration| {
            since != NEVER && u128::from(self.now().saturating_sub(since)) > limit.as_millis()
        };
        if over(self.blocked_since.load(Ordering::Relaxed), limits.write_timeout) {
            return Some((End::Cut, "not_read"));
        }
        let since = self.since.load(Ordering::Relaxed);
        // actix ends a first head that is late, with an answer: this is for what it does not look at, a little
        // later.
        match self.phase() {
            Phase::New if over(since, 2 * limits.head_timeout + GRACE) => Some((End::Cut, "no_head")),
            Phase::Idle if over(since, limits.keep_alive) => Some((End::Orderly, "idle")),
            Phase::Head if over(since, limits.head_timeout + GRACE) => Some((End::Cut, "no_head")),
            _ => None,
        }
    }
}

const GRACE: Duration = Duration::from_secs(1);
