//! Limits on failed anchors and on calls.
//!
//! A failed anchor is a question whose number, name and birth date do not belong together. It is
//! counted for the client with that number, for the client with that name and birth date, and as a
//! share of the client's calls: one client's failures never lock a citizen out elsewhere. Where no
//! client asks, the network address stands in its place. A number with many failures over all of them
//! raises an alarm. Counters live in the database, so replicas
//! and restarts share them; memory holds what is needed to decide.

mod anonymous;
mod exchange;
pub mod ledger;
pub mod meter;
mod meters;
pub mod window;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use exchange::Exchange;
use ledger::{Key, Kind, Ledger};
use meter::{Meter, Quotas, Standing};
use meters::Meters;
use window::{Count, Window};

use super::matching::index_form;
use super::metrics::CitizensMetrics;
use super::store::guards::{self, Counter};
use crate::access::FairPermits;
use crate::clients::Client;
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{Instant, PartialDate, PersonName};
use crate::storage::{Db, Reach, StorageError, Store};

#[derive(Debug, Clone)]
pub struct GuardConfig {
    /// Failed anchors in a day that one client may have with one number.
    pub per_number: u32,
    /// The same with one name and birth date.
    pub per_person: u32,
    /// Failed anchors in an hour, as a share of the client's calls, in percent …
    pub share_percent: u32,
    /// … once there are this many.
    pub share_from: u32,
    /// Failed anchors in a day with one number, whoever tries it, that raise an alarm.
    pub alarm: u32,
    /// Counters held in memory.
    pub capacity: usize,
    /// Batches of one client at once.
    pub batches: u32,
}

impl Default for GuardConfig {
    fn default() -> Self {
        Self {
            per_number: 20,
            per_person: 30,
            share_percent: 30,
            share_from: 200,
            alarm: 40,
            capacity: 500_000,
            batches: 8,
        }
    }
}

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Number,
    Person,
    Share,
}

impl Limit {
    /// Stable code in audit entries.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Number => "failed_anchors_of_number",
            Self::Person => "failed_anchors_of_person",
            Self::Share => "failed_anchors_share",
        }
    }
}

/// The client has had too many failed anchors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failed anchors")]
pub struct Blocked {
    pub limit: Limit,
    pub retry_after: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    #[error(transparent)]
    Blocked(#[from] Blocked),
    #[error("the guards cannot be read")]
    Storage(#[from] StorageError),
}

/// What came of comparing a question's number, name and birth date with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnchorOutcome {
    /// They are one person's, who may be spoken of.
    Holds,
    /// They are nobody's together: somebody may be trying what fits.
    Fails,
    /// They are one person's, who is not alive, and the client is not told so. For the client it counts
    /// like [`Fails`](Self::Fails), or the first question that is not counted would tell; the number is
    /// not under attack by it.
    NotAlive,
}

/// What a question names.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The digits given, of either kind of number.
    pub number: &'a str,
    /// The name and the birth date, if both were given.
    pub person: Option<(&'a PersonName, PartialDate)>,
}

/// A failed anchor that has still to be stored, with the audit entry, by [`Guards::store_failures`].
#[derive(Debug, Clone)]
pub struct Failure {
    counters: Vec<Counter>,
}

impl Failure {
    /// One more in each of these counters.
    fn of(counted: impl IntoIterator<Item = (Kind, Key)>, now: Instant) -> Self {
        let counter = |(kind, key): (Kind, Key)| Counter { kind, key, start: kind.window().start(now), used: 1 };
        Self { counters: counted.into_iter().map(counter).collect() }
    }

    /// Both failures, stored together.
    pub(super) fn and(mut self, more: Self) -> Self {
        self.counters.extend(more.counters);
        self
    }
}

struct Keys {
    number: Key,
    person: Option<Key>,
}

impl Keys {
    fn iter(&self) -> impl Iterator<Item = (Kind, &Key)> {
        std::iter::once((Kind::Number, &self.number)).chain(self.person.iter().map(|key| (Kind::Person, key)))
    }
}

pub struct Guards {
    config: GuardConfig,
    store: Store,
    keyring: Keyring,
    metrics: Arc<CitizensMetrics>,
    ledger: Mutex<Ledger>,
    meters: Meters,
    batches: FairPermits,
}

/// A counter is never left half changed, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guards {
    /// A batch that is running holds one.
    pub fn batches(&self) -> &FairPermits {
        &self.batches
    }

    /// Takes calls from the client's quotas; batch lines count like calls. Says how many of
    /// `wanted` were granted.
    pub fn take(&self, client: &Client, wanted: u32, now: Instant) -> (u32, Standing) {
        let quotas = Quotas { per_minute: client.agreement.per_minute, per_day: client.agreement.per_day };
        self.meters.of(&client.id).with(|meter| meter.take(quotas, wanted, now))
    }

    /// Decides, after the match, whether its result may be told. The decision and the count are
    /// one step, so that many questions at once do not slip through together.
    ///
    /// # Errors
    /// `Blocked` if the client has failed too often, whatever came of this question.
    pub async fn settle(
        &self,
        client: &Client,
        named: Named<'_>,
        outcome: AnchorOutcome,
        now: Instant,
    ) -> Result<Option<Failure>, GuardError> {
        let anchored = outcome == AnchorOutcome::Holds;
        let meter = self.meters.of(&client.id);
        let few = meter.with(|meter| -> Result<bool, Blocked> {
            self.check_share(meter, now)?;
            Ok(meter.failures_of_day(now) < self.config.per_number.min(self.config.per_person))
        })?;
        if anchored && few {
            return Ok(None);
        }
        let keys = self.keys([b"number", b"person"], client.id.as_str().as_bytes(), named)?;
        // On the heap: what is rare must not make every question's future large.
        let read = Box::pin(self.read_unknown(&keys, now)).await?;
        self.decide(&keys, &read, anchored, now)?;
        if anchored {
            return Ok(None);
        }
        meter.with(|meter| meter.fail(now));
        self.metrics.failed_anchors.inc();
        let client_counters = [Kind::FailuresPerHour, Kind::FailuresPerDay].map(|kind| (kind, meter.key));
        let mut failed: Vec<_> = keys.iter().map(|(kind, key)| (kind, *key)).chain(client_counters).collect();
        if outcome == AnchorOutcome::Fails {
            failed.push(self.anywhere(named.number)?);
        }
        Ok(Some(Failure::of(failed, now)))
    }

    /// The counter of failed anchors with a number over everybody who tries it.
    fn anywhere(&self, number: &str) -> Result<(Kind, Key), StorageError> {
        Ok((Kind::NumberAnywhere, self.key(b"anywhere", &[number.as_bytes()])?))
    }

    fn check_share(&self, meter: &mut Meter, now: Instant) -> Result<(), Blocked> {
        let (failures, calls) = meter.failures_and_calls(now);
        let allowed = u64::from(calls) * u64::from(self.config.share_percent) / 100;
        let allowed = u32::try_from(allowed).unwrap_or(u32::MAX).max(self.config.share_from);
        if failures < allowed {
            return Ok(());
        }
        self.metrics.blocked.inc();
        let retry_after = meter.failures().until_below(Window::HOUR, allowed, now);
        Err(Blocked { limit: Limit::Share, retry_after })
    }

    fn decide(&self, keys: &Keys, read: &[(Kind, Count)], anchored: bool, now: Instant) -> Result<(), Blocked> {
        let mut ledger = lock(&self.ledger);
        for (kind, key) in keys.iter() {
            let (limit, most) = match kind {
                Kind::Number => (Limit::Number, self.config.per_number),
                _ => (Limit::Person, self.config.per_person),
            };
            let held = ledger.count(kind, key, now);
            let count = read.iter().find(|(of, _)| *of == kind).map_or(held, |(_, count)| held.max(*count));
            if count.sliding(kind.window(), now) >= most {
                self.metrics.blocked.inc();
                return Err(Blocked { limit, retry_after: count.until_below(kind.window(), most, now) });
            }
        }
        if !anchored {
            keys.iter().for_each(|(kind, key)| ledger.add(kind, key, now));
        }
        Ok(())
    }

    /// Reads from the database what a full ledger had no room for.
    async fn read_unknown(&self, keys: &Keys, now: Instant) -> Result<Vec<(Kind, Count)>, StorageError> {
        let unknown: Vec<(Kind, Key)> = {
            let ledger = lock(&self.ledger);
            keys.iter().filter(|(kind, key)| !ledger.knows(*kind, key)).map(|(kind, key)| (kind, *key)).collect()
        };
        let mut read = Vec::with_capacity(unknown.len());
        for (kind, key) in unknown {
            let window = kind.window();
            let start = window.start(now);
            let starts = [start, window.previous(start)];
            let used = self.store.read(Reach::Key, move |db| guards::counter_of(db, kind, &key, starts)).await?;
            let [current, previous] = used.map(capped);
            read.push((kind, Count { start, current, previous }));
        }
        Ok(read)
    }

    /// Stores failed anchors; call it in the transaction that holds their audit entries, then give
    /// the totals to [`Guards::stored`].
    pub fn store_failures(db: &mut Db, failures: &[Failure], now: Instant) -> Result<Vec<Counter>, StorageError> {
        let mut sums: HashMap<(Kind, Key, i64), i64> = HashMap::new();
        for counter in failures.iter().flat_map(|failure| &failure.counters) {
            *sums.entry((counter.kind, counter.key, counter.start)).or_default() += counter.used;
        }
        let deltas = sums.into_iter().map(|((kind, key, start), used)| Counter { kind, key, start, used });
        guards::add(db, deltas.collect(), now)
    }

    /// Learns what stored counters came to, and raises the alarm over a number.
    pub fn stored(&self, failures: &[Failure], totals: &[Counter], now: Instant) {
        for total in totals.iter().filter(|total| total.kind == Kind::NumberAnywhere) {
            let counters = failures.iter().flat_map(|failure| &failure.counters);
            let added = counters.filter(|counter| (counter.kind, counter.key) == (total.kind, total.key)).count();
            let before = total.used.saturating_sub(added as i64);
            if before < i64::from(self.config.alarm) && total.used >= i64::from(self.config.alarm) {
                self.metrics.numbers_under_attack.inc();
                tracing::warn!(failed_anchors = total.used, "a personal number is under attack");
            }
        }
        self.learn(totals, now);
    }

    fn learn(&self, totals: &[Counter], now: Instant) {
        for Counter { kind, key, start, used } in totals.iter().copied() {
            match kind {
                Kind::NumberAnywhere => {}
                Kind::Number | Kind::Person => lock(&self.ledger).learn(kind, &key, start, capped(used), now),
                _ => {
                    let used = u64::try_from(used).unwrap_or(0);
                    self.meters.under(key).with(|meter| meter.learn(kind, start, used, now));
                }
            }
        }
    }

    /// The counters of what somebody (`asker`) names; `kinds` tell counters of numbers from those of
    /// persons, and askers of one kind from others.
    fn keys(&self, kinds: [&[u8]; 2], asker: &[u8], named: Named<'_>) -> Result<Keys, StorageError> {
        let [of_number, of_person] = kinds;
        let number = self.key(of_number, &[asker, named.number.as_bytes()])?;
        let person = named
            .person
            .map(|(name, birth)| {
                // However the name is spelled, it is the same one.
                let (name, birth) = (index_form(name), birth.to_string());
                self.key(of_person, &[asker, name.as_bytes(), birth.as_bytes()])
            })
            .transpose()?;
        Ok(Keys { number, person })
    }

    fn key(&self, kind: &[u8], parts: &[&[u8]]) -> Result<Key, StorageError> {
        let version = self.keyring.active(KeyUse::Index);
        let key = self.keyring.index_key("guards", version).ok_or(StorageError::index_key_missing(version))?;
        let lengths: Vec<[u8; 4]> = parts.iter().map(|part| (part.len() as u32).to_be_bytes()).collect();
        let mut framed: Vec<&[u8]> = vec![kind];
        for (length, part) in lengths.iter().zip(parts) {
            framed.extend([length.as_slice(), part]);
        }
        Ok(cut(&key.tag(&framed)))
    }
}

fn cut(hash: &[u8; 32]) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&hash[..16]);
    key
}

fn capped(used: i64) -> u32 {
    u32::try_from(used.max(0)).unwrap_or(u32::MAX)
}

/// How long a failure counts at most.
const OLDEST: Duration = Duration::from_secs(2 * 86_400);

/// When counters that still count may have been touched.
fn horizon(now: Instant) -> Instant {
    now.minus(OLDEST)
}
