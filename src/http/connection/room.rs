//! How many connections there may be, in all and for one address. Where the room is full, what is idle goes
//! first.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use tokio::sync::Notify;

use super::state::{Connection, Dispensable, End};
use crate::kernel::{AddressGroup, Network};
use crate::telemetry::Metrics;
use crate::telemetry::metrics::{Counter, Family, Gauge};

/// How often connections are looked through, while there are any.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Most connections that have lost their place to others and are not closed yet: each holds an open file.
pub const MOST_LEAVING: usize = 256;
/// Of a budget of this many connections, one more is given up at a time: all are looked through for it, which a
/// crowd of newcomers must not cause one by one.
const BUDGET_PER_ONE_GIVEN_UP: usize = 128;
/// How long one that has lost its place may take to close, in milliseconds, unless a request is at work on it.
const LEAVING_TIME: u64 = 1_000;

/// Bounds on connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Most connections at once.
    pub most: usize,
    /// Most of them from one address (IPv6: from one /64).
    pub per_address: usize,
    /// Whose connections have no budget of their own: proxies in front of the service.
    pub trusted_proxies: Vec<Network>,
    /// A request's head must have come within this time of its first byte.
    pub head_timeout: Duration,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// A client that takes nothing of its answer for this long is cut.
    pub write_timeout: Duration,
}

impl ConnectionLimits {
    pub fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

/// What is counted of connections.
#[derive(Clone)]
pub struct ConnectionMetrics {
    open: Gauge,
    refused: Family<Reason, Counter>,
    ended: Family<Reason, Counter>,
}

impl ConnectionMetrics {
    pub fn register(metrics: &Metrics) -> Self {
        Self {
            open: metrics.gauge("http_connections", "Open connections"),
            refused: metrics.counters("http_connections_refused", "Connections refused because a budget is used up"),
            ended: metrics.counters("http_connections_ended", "Connections ended by the service, by reason"),
        }
    }
}

/// Every connection of the service. Cheap to clone.
#[derive(Clone)]
pub struct Connections(Arc<Room>);

struct Room {
    limits: ConnectionLimits,
    metrics: ConnectionMetrics,
    began: Instant,
    time: Arc<AtomicU64>,
    table: Mutex<Table>,
    opened: Notify,
}

#[derive(Default)]
struct Table {
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    /// How many connections have lost their place and are not closed yet.
    leaving: usize,
    by_group: HashMap<AddressGroup, usize>,
}

struct Slot {
    connection: Arc<Connection>,
    /// Since when its place has been another's: it holds its open file until its worker has closed it.
    leaving_since: Option<u64>,
}

/// What the service ends a connection for, beside what the room itself decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A request's head did not come whole in time.
    NoHead,
    /// What came is no HTTP, or a head that is too long.
    Malformed,
    /// What came is no TLS, or the handshake did not end in time.
    NoTls,
}

impl Fault {
    fn reason(self) -> &'static str {
        match self {
            Self::NoHead => "no_head",
            Self::Malformed => "malformed",
            Self::NoTls => "no_tls",
        }
    }
}

/// A connection that holds an open file, until this is dropped.
pub struct OpenConnection {
    connection: Arc<Connection>,
    room: Connections,
}

impl OpenConnection {
    pub fn share(&self) -> Arc<Connection> {
        Arc::clone(&self.connection)
    }

    /// The service ends it for this.
    pub fn ends_for(&self, fault: Fault) {
        self.room.note_fault(&self.connection, fault);
    }
}

impl Deref for OpenConnection {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.room.with_table(|table| table.remove(&self.connection));
    }
}

impl Table {
    /// Connections that are not closed.
    fn held(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Connections that have a place.
    fn open(&self) -> usize {
        self.held() - self.leaving
    }

    fn of_group(&self, group: AddressGroup) -> usize {
        self.by_group.get(&group).copied().unwrap_or(0)
    }

    fn insert(&mut self, group: Option<AddressGroup>, time: Arc<AtomicU64>) -> Arc<Connection> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let connection = Arc::new(Connection::new(slot, group, time));
        self.slots[slot] = Some(Slot { connection: Arc::clone(&connection), leaving_since: None });
        if let Some(group) = group {
            *self.by_group.entry(group).or_default() += 1;
        }
        connection
    }

    /// A connection is closed.
    fn remove(&mut self, connection: &Connection) {
        let Some(slot) = self.slots[connection.slot].take() else { return };
        self.free.push(connection.slot);
        if slot.leaving_since.is_some() {
            self.leaving -= 1;
        } else {
            self.give_back(connection.group);
        }
    }

    /// One place less is taken in an address's budget.
    fn give_back(&mut self, group: Option<AddressGroup>) {
        let Some(group) = group else { return };
        if let Some(count) = self.by_group.get_mut(&group) {
            *count -= 1;
            if *count == 0 {
                self.by_group.remove(&group);
            }
        }
    }

    /// Ends the most dispensable connections of those that `concern`, more than one of a large budget, but none
    /// that is less dispensable in kind than the first; how many. Where many that have lost their place are still
    /// to be closed, their worker is behind: then nobody makes room.
    fn make_room(&mut self, now: u64, budget: usize, concern: impl Fn(&Connection) -> bool) -> usize {
        let most = (budget / BUDGET_PER_ONE_GIVEN_UP).max(1).min(MOST_LEAVING.saturating_sub(self.leaving));
        if most == 0 {
            return 0;
        }
        let placed = self.slots.iter().flatten().filter(|slot| slot.leaving_since.is_none());
        let candidates = placed.map(|slot| &slot.connection).filter(|connection| concern(connection));
        let mut chosen: Vec<(Dispensable, usize)> =
            candidates.filter_map(|connection| Some((connection.dispensable()?, connection.slot))).collect();
        let Some(kind) = chosen.iter().map(|((kind, _), _)| *kind).min() else { return 0 };
        chosen.retain(|((of, _), _)| *of == kind);
        if chosen.len() > most {
            chosen.select_nth_unstable(most - 1);
            chosen.truncate(most);
        }
        for (_, slot) in &chosen {
            let Some(slot) = &mut self.slots[*slot] else { continue };
            slot.leaving_since = Some(now);
            slot.connection.give_up(slot.connection.yielding());
            let group = slot.connection.group;
            self.leaving += 1;
            self.give_back(group);
        }
        chosen.len()
    }
}

impl Connections {
    pub fn new(limits: ConnectionLimits, metrics: ConnectionMetrics) -> Self {
        Self(Arc::new(Room {
            limits,
            metrics,
            began: Instant::now(),
            time: Arc::default(),
            table: Mutex::default(),
            opened: Notify::new(),
        }))
    }

    fn with_table<T>(&self, work: impl FnOnce(&mut Table) -> T) -> T {
        let mut table = self.0.table.lock().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut table);
        self.0.metrics.open.set(i64::try_from(table.held()).unwrap_or(i64::MAX));
        done
    }

    /// The service ends a connection for this. One that had to end already was counted then.
    pub fn note_fault(&self, connection: &Connection, fault: Fault) {
        if connection.end().is_none() {
            self.count_end(fault.reason());
            connection.give_up(End::Orderly);
        }
    }

    fn count_end(&self, reason: &'static str) {
        self.0.metrics.ended.get_or_create(&Reason { reason }).inc();
    }

    /// `None` where nobody made room.
    fn count_made_room(&self, gone: usize) -> Option<()> {
        let gone = u64::try_from(gone).ok().filter(|gone| *gone > 0)?;
        self.0.metrics.ended.get_or_create(&Reason { reason: "made_room" }).inc_by(gone);
        Some(())
    }

    fn tick(&self) -> u64 {
        let now = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.time.store(now, Ordering::Relaxed);
        now
    }

    /// How many connections are not closed.
    pub fn held(&self) -> usize {
        self.with_table(|table| table.held())
    }

    /// A place for a new connection from `peer`; `None` where there is none, not even by ending one that
    /// is idle, waits for what the client does not send, or for the client to read.
    pub fn open(&self, peer: IpAddr) -> Option<OpenConnection> {
        let limits = &self.0.limits;
        let group = (!limits.is_trusted(peer)).then(|| AddressGroup::of(peer));
        let now = self.tick();
        let opened = self.with_table(|table| {
            if group.is_some_and(|group| table.of_group(group) >= limits.per_address) {
                let gone = table.make_room(now, limits.per_address, |connection| connection.group == group);
                self.count_made_room(gone).ok_or("address")?;
            }
            if table.open() >= limits.most {
                self.count_made_room(table.make_room(now, limits.most, |_| true)).ok_or("room")?;
            }
            Ok(table.insert(group, Arc::clone(&self.0.time)))
        });
        match opened {
            Ok(connection) => {
                self.0.opened.notify_one();
                Some(OpenConnection { connection, room: self.clone() })
            }
            Err(reason) => {
                self.0.metrics.refused.get_or_create(&Reason { reason }).inc();
                None
            }
        }
    }

    /// Ends connections whose time is over, as long as this is polled.
    pub async fn watch(self) {
        loop {
            if self.held() == 0 {
                self.0.opened.notified().await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            let now = self.tick();
            self.end_overdue(now);
        }
    }

    fn end_overdue(&self, now: u64) {
        let limits = &self.0.limits;
        let overdue: Vec<(Arc<Connection>, End, &'static str)> = self.with_table(|table| {
            let overdue = table.slots.iter().flatten().filter_map(|slot| {
                let connection = &slot.connection;
                let late = slot.leaving_since.is_some_and(|since| now.saturating_sub(since) >= LEAVING_TIME);
                if late && !connection.is_at_work() {
                    connection.give_up(End::Cut);
                }
                let (end, reason) = connection.overdue(limits)?;
                (connection.end() < Some(end)).then(|| (Arc::clone(connection), end, reason))
            });
            overdue.collect()
        });
        for (connection, end, reason) in overdue {
            if connection.end().is_none() {
                self.count_end(reason);
            }
            connection.give_up(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(most: usize, per_address: usize) -> Connections {
        let limits = ConnectionLimits {
            most,
            per_address,
            trusted_proxies: vec!["10.0.0.1".parse().unwrap()],
            head_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(60),
            write_timeout: Duration::from_secs(20),
        };
        Connections::new(limits, ConnectionMetrics::register(&Metrics::default()))
    }

    fn from(room: &Connections, address: &str) -> Option<OpenConnection> {
        room.open(address.parse().unwrap())
    }

    #[test]
    fn an_address_has_a_budget_and_its_own_idle_connections_go_first() {
        let room = room(100, 2);
        let stranger = from(&room, "192.0.2.9").unwrap();
        let (first, second) = (from(&room, "192.0.2.1").unwrap(), from(&room, "192.0.2.1").unwrap());
        second.begin_request(false);
        let third = from(&room, "192.0.2.1").unwrap();
        assert_eq!((first.end(), second.end(), stranger.end()), (Some(End::Orderly), None, None));
        third.begin_request(false);
        assert!(from(&room, "192.0.2.1").is_none(), "both are at work");
        drop(first);
        assert!(from(&room, "192.0.2.1").is_none(), "its place was gone already");
        drop(second);
        assert!(from(&room, "192.0.2.1").is_some());
        let proxied: Vec<_> = (0..5).map(|_| from(&room, "10.0.0.1").unwrap()).collect();
        assert!(proxied.iter().all(|connection| connection.end().is_none()));
        let customer: Vec<_> = (0..2).map(|i| from(&room, &format!("2001:db8::{i}")).unwrap()).collect();
        let _third = from(&room, "2001:db8::ffff").unwrap();
        assert!(customer.iter().any(|connection| connection.end().is_some()), "one customer's /64");
    }

    #[test]
    fn a_full_room_gives_up_what_is_idle_before_heads_and_never_what_is_at_work() {
        let room = room(4, 4);
        let open = |host: u8| from(&room, &format!("192.0.2.{host}")).unwrap();
        let (new, working, head, idle) = (open(1), open(2), open(3), open(4));
        std::thread::sleep(Duration::from_millis(1_050));
        room.tick();
        working.begin_request(false);
        head.received(10);
        idle.begin_request(false);
        idle.end_request();
        idle.sent();
        let fifth = open(5);
        fifth.begin_request(false);
        let sixth = open(6);
        sixth.begin_request(false);
        assert!(idle.end().is_some() && new.end().is_some() && head.end().is_none());
        drop((idle, new));
        let seventh = open(7);
        seventh.begin_request(false);
        assert_eq!((head.end(), working.end()), (Some(End::Cut), None));
        assert!(from(&room, "192.0.2.8").is_none());
    }

    #[test]
    fn one_that_has_just_come_is_no_sooner_given_up_than_an_older_head() {
        let room = room(2, 2);
        let (head, second) = (from(&room, "192.0.2.1").unwrap(), from(&room, "192.0.2.2").unwrap());
        head.received(10);
        second.begin_request(false);
        let newcomer = from(&room, "192.0.2.3").unwrap();
        assert_eq!((head.end(), second.end(), newcomer.end()), (Some(End::Cut), None, None));
    }

    #[test]
    fn a_large_room_gives_up_several_at_once_and_none_of_another_kind() {
        let room = room(1_280, 1_280);
        let mut connections: Vec<_> = (0..1_280).map(|_| from(&room, "192.0.2.1").unwrap()).collect();
        std::thread::sleep(Duration::from_millis(1_050));
        room.tick();
        connections[15..].iter().for_each(|connection| connection.received(1));
        let gone = |connections: &[OpenConnection]| connections.iter().filter(|one| one.end().is_some()).count();
        let expected = [10, 10, 15, 15, 15];
        for (newcomers, expected) in [1, 9, 1, 4, 0].into_iter().zip(expected) {
            connections.extend((0..newcomers).map(|_| from(&room, "192.0.2.2").unwrap()));
            assert_eq!((gone(&connections), gone(&connections[15..])), (expected, 0));
        }
        connections.push(from(&room, "192.0.2.2").unwrap());
        assert_eq!((gone(&connections), gone(&connections[15..])), (25, 10), "then heads");
    }

    #[test]
    fn as_long_as_many_are_still_to_be_closed_nobody_makes_room() {
        let room = room(2, 2 * MOST_LEAVING);
        let held: Vec<_> = (0..2 + MOST_LEAVING).map(|_| from(&room, "192.0.2.1").unwrap()).collect();
        assert!(from(&room, "192.0.2.1").is_none());
        assert_eq!(room.held(), 2 + MOST_LEAVING);
        assert_eq!(room.with_table(|table| table.open()), 2);
        let (gone, kept): (Vec<_>, Vec<_>) = held.into_iter().partition(|connection| connection.end().is_some());
        assert_eq!((gone.len(), kept.len()), (MOST_LEAVING, 2));
        drop(gone);
        let _another = from(&room, "192.0.2.1").unwrap();
        drop(kept);
        assert_eq!(room.held(), 1);
    }

    #[test]
    fn one_that_lost_its_place_is_cut_if_it_does_not_close() {
        let room = room(1, 1);
        let idle = from(&room, "192.0.2.1").unwrap();
        std::thread::sleep(Duration::from_millis(1_050));
        let _next = from(&room, "192.0.2.2").unwrap();
        assert_eq!(idle.end(), Some(End::Orderly));
        let left = room.tick();
        room.end_overdue(left + LEAVING_TIME - 100);
        assert_eq!(idle.end(), Some(End::Orderly));
        room.end_overdue(left + LEAVING_TIME);
        assert_eq!(idle.end(), Some(End::Cut));
    }

    #[test]
    fn what_does_not_send_or_read_in_time_is_overdue() {
        let room = room(4, 4);
        let limits = room.0.limits.clone();
        let connection = from(&room, "192.0.2.1").unwrap();
        let at = |ms: u64| room.0.time.store(ms, Ordering::Relaxed);
        let overdue = |ms: u64| {
            at(ms);
            connection.overdue(&limits).map(|(_, reason)| reason)
        };
        at(0);
        connection.received(1);
        assert_eq!((overdue(6_000), overdue(6_001)), (None, Some("no_head")));
        connection.begin_request(true);
        connection.await_body(true);
        assert_eq!(overdue(900_000), None, "bodies have their own limits");
        connection.end_request();
        connection.write_blocked();
        assert_eq!((overdue(920_000), overdue(920_001)), (None, Some("not_read")));
        connection.write_progressed();
        connection.write_blocked();
        assert_eq!(overdue(930_000), None);
        assert!(connection.sent() || connection.may_begin());
        assert_eq!((overdue(900_000 + 60_000), overdue(900_000 + 60_001)), (None, Some("idle")));
    }

    #[test]
    fn reading_waits_for_sending_and_no_client_runs_far_ahead() {
        let room = room(4, 4);
        let connection = from(&room, "192.0.2.1").unwrap();
        connection.begin_request(false);
        connection.received(2 * 1024 - 1);
        assert!(connection.may_read());
        connection.received(1);
        assert!(!connection.may_read());
        assert!(!connection.sent(), "nothing has changed yet");
        connection.end_request();
        assert!(!connection.may_begin());
        assert!(connection.sent(), "the reading goes on");
        assert!(connection.may_begin() && connection.may_read());
        assert!(connection.rests() && !connection.rests(), "what came ahead has its turn first");
        connection.begin_request(false);
        assert!(!connection.may_read(), "more may wait behind it");
        connection.end_request();
        connection.sent();
        connection.received(1);
        connection.begin_request(false);
        assert!(connection.may_read(), "it had not come ahead");
        connection.begin_request(true);
        connection.received(10 << 20);
        assert!(connection.may_read(), "a body is no running ahead");
    }
}
