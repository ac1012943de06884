//! Open records in memory, trusted only while the change log is followed.
//!
//! Records are kept by `citizen_id`, bounded by weight. A second cache remembers who holds a
//! number; it is only a hint, checked against the record each time, so that nothing in it can go
//! stale but "nobody holds it", which is forgotten as soon as any number changes. In front of both
//! stand the records that were asked for last ([`super::front`]).

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use moka::Expiry;

use super::disclose::is_recorded;
use super::front::Front;
use super::matching::PreparedName;
use super::matching::claims::Record;
use super::model::Citizen;
use super::told::Told;
use crate::kernel::{Attribute, AttributeSet, CitizenId, IdNumber};
use crate::storage::StorageError;

/// A citizen's record, opened, with what matching needs prepared.
pub struct OpenRecord {
    pub citizen: Citizen,
    pub name: PreparedName,
    pub row_version: i64,
    /// The attributes it holds a value for.
    pub recorded: AttributeSet,
    told: OnceLock<Told>,
    weight: u32,
    /// The state of the change log before the record was read.
    stamp: u64,
    /// It was read before a change and kept after it.
    stale: AtomicBool,
}

impl OpenRecord {
    /// `stamp` comes from [`Cache::stamp`], taken before the row was read; `text_bytes` is the
    /// length of the sealed row, which is about that of the texts in the record.
    pub fn new(citizen: Citizen, row_version: i64, text_bytes: usize, stamp: u64) -> Self {
        let name = PreparedName::new(&citizen.full_name);
        let recorded = Attribute::ALL.iter().copied().filter(|one| is_recorded(&citizen, *one)).collect();
        // The texts are there a second time once the record was told, all but the photo.
        let photo = citizen.photo.as_ref().map_or(0, |photo| photo.data.len());
        let weight = size_of::<Self>() + text_bytes + text_bytes.saturating_sub(photo) + ENTRY_OVERHEAD;
        let weight = u32::try_from(weight).unwrap_or(u32::MAX);
        Self {
            citizen,
            name,
            row_version,
            recorded,
            told: OnceLock::new(),
            weight,
            stamp,
            stale: AtomicBool::new(false),
        }
    }

    /// What the record says whoever asks, written when somebody first does.
    pub fn told(&self) -> &Told {
        self.told.get_or_init(|| Told::of(&self.citizen))
    }

    /// Memory it takes, in bytes.
    pub(super) fn weight(&self) -> u32 {
        self.weight
    }

    pub(super) fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Acquire)
    }

    pub(super) fn mark_stale(&self) {
        self.stale.store(true, Ordering::Release);
    }

    /// The record as comparisons see it.
    pub fn view(&self) -> Record<'_> {
        Record { citizen: &self.citizen, full_name: &self.name }
    }

    /// Whether the number is this person's, held or cancelled.
    pub fn owns(&self, number: &IdNumber) -> bool {
        self.citizen.id_number == *number || self.cancelled(number)
    }

    pub fn cancelled(&self, number: &IdNumber) -> bool {
        self.citizen.cancelled_id_numbers.contains(number)
    }
}

/// A record on its way into the cache. Whoever asked may go away before it is there: what has changed
/// meanwhile is then marked all the same, and nobody is given it later.
struct Entering<'c> {
    cache: &'c Cache,
    record: OnceLock<Arc<OpenRecord>>,
}

impl Drop for Entering<'_> {
    fn drop(&mut self) {
        if let Some(record) = self.record.get()
            && self.cache.stamp(record.citizen.citizen_id) != record.stamp
        {
            record.mark_stale();
        }
    }
}

/// What moka and the allocator add to each entry (docs/performance).
const ENTRY_OVERHEAD: usize = 400;
const NUMBER_WEIGHT: u32 = 400;
const STAMPS: usize = 4096;

#[derive(Debug, Clone)]
pub struct CacheConfig {
    /// Memory for records, for numbers and for the records asked for last together, in bytes.
    pub bytes: u64,
    /// How long "nobody holds this number" is remembered at most.
    pub absence: Duration,
    /// How long the cache is trusted after the change log was last followed to its end.
    pub trust: Duration,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { bytes: 256 << 20, absence: Duration::from_secs(5), trust: Duration::from_secs(3) }
    }
}

/// Who holds a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    Citizen(CitizenId),
    /// Nobody, when numbers had last changed at this stamp.
    Nobody(u64),
}

struct AbsenceIsShort(Duration);

impl Expiry<IdNumber, Holder> for AbsenceIsShort {
    fn expire_after_create(&self, _: &IdNumber, holder: &Holder, _: Instant) -> Option<Duration> {
        matches!(holder, Holder::Nobody(_)).then_some(self.0)
    }
    fn expire_after_update(&self, _: &IdNumber, holder: &Holder, _: Instant, _: Option<Duration>) -> Option<Duration> {
        matches!(holder, Holder::Nobody(_)).then_some(self.0)
    }
}

pub struct Cache {
    front: Front,
    records: moka::future::Cache<CitizenId, Arc<OpenRecord>>,
    numbers: moka::future::Cache<IdNumber, Holder>,
    /// One counter for each group of citizens, moved on by each change before the record is
    /// dropped: a read that began before a change and ends after it finds its stamp old.
    stamps: Box<[AtomicU64]>,
    /// Moved on by every change.
    changes: AtomicU64,
    /// Moved on whenever a number may have found a holder.
    numbers_stamp: AtomicU64,
    born: Instant,
    /// Milliseconds from `born` until which the cache is trusted.
    trusted_until: AtomicU64,
    trust: Duration,
}

impl Cache {
    pub fn new(config: &CacheConfig) -> Self {
        let records = moka::future::Cache::builder()
            .max_capacity(config.bytes / 32 * 23)
            .weigher(|_, record: &Arc<OpenRecord>| record.weight)
            .build();
        let numbers = moka::future::Cache::builder()
            .max_capacity(config.bytes / 8)
            .weigher(|_, _| NUMBER_WEIGHT)
            .expire_after(AbsenceIsShort(config.absence))
            .build();
        Self {
            front: Front::new(config.bytes / 32 * 5),
            records,
            numbers,
            stamps: (0..STAMPS).map(|_| AtomicU64::new(0)).collect(),
            changes: AtomicU64::new(0),
            numbers_stamp: AtomicU64::new(0),
            born: Instant::now(),
            trusted_until: AtomicU64::new(0),
            trust: config.trust,
        }
    }

    /// Whether the change log is followed closely enough.
    pub fn is_trusted(&self) -> bool {
        self.milliseconds(Instant::now()) < self.trusted_until.load(Ordering::Acquire)
    }

    /// Notes that a look at the change log that began at `began` found its end.
    pub fn followed(&self, began: Instant) {
        self.trusted_until.store(self.milliseconds(began + self.trust), Ordering::Release);
    }

    fn milliseconds(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.born).as_millis()).unwrap_or(u64::MAX)
    }

    pub fn stamp(&self, id: CitizenId) -> u64 {
        self.group(id).load(Ordering::SeqCst)
    }

    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    pub fn numbers_stamp(&self) -> u64 {
        self.numbers_stamp.load(Ordering::SeqCst)
    }

    fn group(&self, id: CitizenId) -> &AtomicU64 {
        // The key is random: any bytes of it will do.
        let [.., high, low] = id.0;
        &self.stamps[(usize::from(high) << 8 | usize::from(low)) % STAMPS]
    }

    /// The record of who holds `number`, if it was asked for lately.
    pub fn recent(&self, number: &IdNumber) -> Option<Arc<OpenRecord>> {
        self.front.find(number, |id| self.stamp(id))
    }

    /// Notes that `record` was asked for; `stamp` was taken before it was looked for.
    pub fn note_recent(&self, record: &Arc<OpenRecord>, stamp: u64) {
        self.front.seat(record, stamp);
    }

    pub async fn record(&self, id: CitizenId) -> Option<Arc<OpenRecord>> {
        let record = self.records.get(&id).await?;
        if record.is_stale() {
            self.records.invalidate(&id).await;
            return None;
        }
        Some(record)
    }

    /// The record, loaded once however many ask for it at the same time. `load` gives `None` for a
    /// citizen who is not there, which is not remembered.
    pub async fn record_or(
        &self,
        id: CitizenId,
        load: impl Future<Output = Result<Option<Arc<OpenRecord>>, StorageError>>,
    ) -> Result<Option<Arc<OpenRecord>>, StorageError> {
        let entering = Entering { cache: self, record: OnceLock::new() };
        let load = async {
            let record = load.await?.ok_or(Failure::Absent)?;
            Ok(Arc::clone(entering.record.get_or_init(|| record)))
        };
        let loaded = self.records.try_get_with(id, load).await;
        match loaded {
            Ok(record) => {
                self.keep_if_current(id, &record).await;
                Ok(Some(record))
            }
            Err(failure) => match &*failure {
                Failure::Absent => Ok(None),
                Failure::Storage(error) => Err(error.clone()),
            },
        }
    }

    pub async fn insert(&self, record: Arc<OpenRecord>) {
        let id = record.citizen.citizen_id;
        let _entering = Entering { cache: self, record: OnceLock::from(Arc::clone(&record)) };
        self.records.insert(id, Arc::clone(&record)).await;
        self.keep_if_current(id, &record).await;
    }

    async fn keep_if_current(&self, id: CitizenId, record: &OpenRecord) {
        if self.stamp(id) != record.stamp {
            record.mark_stale();
            self.records.invalidate(&id).await;
        }
    }

    /// Who holds `number`, as far as is remembered.
    pub async fn holder(&self, number: &IdNumber) -> Option<Holder> {
        let holder = self.numbers.get(number).await?;
        match holder {
            Holder::Nobody(stamp) if stamp != self.numbers_stamp() => {
                self.numbers.invalidate(number).await;
                None
            }
            known => Some(known),
        }
    }

    /// Who holds `number`, asked once however many ask at the same time.
    pub async fn holder_or(
        &self,
        number: &IdNumber,
        load: impl Future<Output = Result<Holder, StorageError>>,
    ) -> Result<Holder, StorageError> {
        self.numbers.try_get_with(number.clone(), load).await.map_err(|error| (*error).clone())
    }

    /// Forgets a hint that proved wrong.
    pub async fn forget_holder(&self, number: &IdNumber) {
        self.numbers.invalidate(number).await;
    }

    /// Drops what a change made old.
    pub async fn drop_changed(&self, id: CitizenId, numbers_changed: bool) {
        if numbers_changed {
            self.numbers_stamp.fetch_add(1, Ordering::SeqCst);
        }
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.group(id).fetch_add(1, Ordering::SeqCst);
        self.records.invalidate(&id).await;
        // Once more: who took the stamp in between may still have found the old record.
        self.group(id).fetch_add(1, Ordering::SeqCst);
    }

    /// Records asked for last and what they weigh, for the metrics. Most of them [`Self::size`] counts, too.
    pub fn recent_size(&self) -> (u64, u64) {
        self.front.size()
    }

    /// Entries and bytes held, for the metrics.
    pub fn size(&self) -> (u64, u64) {
        let entries = self.records.entry_count() + self.numbers.entry_count();
        (entries, self.records.weighted_size() + self.numbers.weighted_size())
    }
}

#[derive(Debug)]
enum Failure {
    Absent,
    Storage(StorageError),
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(trust: Duration) -> Cache {
        Cache::new(&CacheConfig { trust, ..CacheConfig::default() })
    }

    fn citizen() -> Citizen {
        crate::citizens::seed::showcase(1).remove(0).citizens.remove(0)
    }

    fn record(cache: &Cache) -> Arc<OpenRecord> {
        let citizen = citizen();
        let stamp = cache.stamp(citizen.citizen_id);
        Arc::new(OpenRecord::new(citizen, 1, 500, stamp))
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_and_kept_after_it_is_not_kept() {
        let cache = cache(Duration::from_secs(9));
        let id = citizen().citizen_id;
        let old = record(&cache);
        cache.drop_changed(id, false).await;
        cache.insert(Arc::clone(&old)).await;
        assert!(cache.record(id).await.is_none());
        let told = cache.record_or(id, async { Ok(Some(old)) }).await.unwrap();
        assert!(told.is_some(), "who waited for it is told");
        assert!(cache.record(id).await.is_none());
        cache.insert(record(&cache)).await;
        assert!(cache.record(id).await.is_some());
        cache.drop_changed(id, false).await;
        assert!(cache.record(id).await.is_none());
    }

    #[tokio::test]
    async fn nobody_is_forgotten_when_numbers_change_and_somebody_is_not() {
        let cache = cache(Duration::from_secs(9));
        let (number, other) = (IdNumber::parse("097099000001").unwrap(), CitizenId([1; 16]));
        let nobody = Holder::Nobody(cache.numbers_stamp());
        assert_eq!(cache.holder_or(&number, async { Ok(nobody) }).await.unwrap(), nobody);
        assert_eq!(cache.holder(&number).await, Some(nobody));
        cache.drop_changed(other, false).await;
        assert_eq!(cache.holder(&number).await, Some(nobody));
        cache.drop_changed(other, true).await;
        assert_eq!(cache.holder(&number).await, None);
        let held = Holder::Citizen(other);
        cache.holder_or(&number, async { Ok(held) }).await.unwrap();
        cache.drop_changed(other, true).await;
        assert_eq!(cache.holder(&number).await, Some(held));
    }

    #[tokio::test]
    async fn an_absent_citizen_and_a_fault_are_not_remembered() {
        let cache = cache(Duration::from_secs(9));
        let id = citizen().citizen_id;
        let away = || StorageError::unavailable("away for a test");
        assert!(cache.record_or(id, async { Ok(None) }).await.unwrap().is_none());
        assert!(cache.record_or(id, async { Err(away()) }).await.is_err());
        assert!(cache.record_or(id, async { Ok(Some(record(&cache))) }).await.unwrap().is_some());
    }

    #[test]
    fn trust_ends_unless_it_is_renewed() {
        let cache = cache(Duration::from_millis(1));
        assert!(!cache.is_trusted());
        cache.followed(Instant::now() + Duration::from_secs(5));
        assert!(cache.is_trusted());
        cache.followed(Instant::now() - Duration::from_secs(5));
        assert!(!cache.is_trusted());
    }
}
