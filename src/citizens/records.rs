//! The way to open records: through the cache, or around it when it is not to be trusted.

use std::sync::Arc;

use super::cache::{Cache, Holder, OpenRecord};
use super::decoy::Decoy;
use super::metrics::CitizensMetrics;
use super::sealing::Sealing;
use super::store::read::{self, Hashed};
use super::store::rows::{CitizenRow, IdentifierKind};
use crate::kernel::{CitizenId, HouseholdId, IdNumber, LegacyIdNumber};
use crate::storage::{Reach, StorageError, Store};

pub struct Records {
    pub(super) store: Store,
    pub(super) sealing: Sealing,
    pub(super) cache: Arc<Cache>,
    pub(super) metrics: Arc<CitizensMetrics>,
    pub(super) decoy: Decoy,
}

impl Records {
    /// The record of whoever holds the number, or held it before it was cancelled.
    pub async fn by_number(&self, number: &IdNumber) -> Result<Option<Arc<OpenRecord>>, StorageError> {
        if !self.cache.is_trusted() {
            return Box::pin(self.read_by_number(number)).await;
        }
        match self.cache.recent(number) {
            Some(record) => Ok(Some(record)),
            // On the heap: what is rare must not make every look-up's future large.
            None => Box::pin(self.seek_by_number(number)).await,
        }
    }

    /// The same for a number that was not asked for lately.
    async fn seek_by_number(&self, number: &IdNumber) -> Result<Option<Arc<OpenRecord>>, StorageError> {
        let holder = match self.cache.holder(number).await {
            Some(holder) => holder,
            None => self.cache.holder_or(number, self.find_holder(number)).await?,
        };
        let Holder::Citizen(id) = holder else { return Ok(None) };
        let stamp = self.cache.stamp(id);
        match self.by_id(id).await? {
            Some(record) if record.owns(number) => {
                self.cache.note_recent(&record, stamp);
                Ok(Some(record))
            }
            // The hint is old: the number has moved.
            _ => {
                self.cache.forget_holder(number).await;
                self.read_by_number(number).await
            }
        }
    }

    /// Everybody who is recorded with the CMND number. It may not be unique, so who else has it is
    /// asked of the database each time.
    pub async fn by_legacy_number(&self, number: &LegacyIdNumber) -> Result<Vec<Arc<OpenRecord>>, StorageError> {
        let hashes = self.hashes(|version| self.sealing.legacy_hash(version, number))?;
        let rows = self.store.read(Reach::Key, move |db| read::sharing(db, IdentifierKind::Legacy, &hashes)).await?;
        if rows.is_empty() {
            self.decoy.open(&self.sealing);
        }
        rows.iter().map(|row| self.open(row, None)).collect()
    }

    /// Everybody whose record names one of these numbers as a guardian's.
    pub async fn naming_guardian(&self, numbers: &[IdNumber]) -> Result<Vec<Arc<OpenRecord>>, StorageError> {
        let mut hashes = Vec::new();
        for number in numbers {
            hashes.extend(self.hashes(|version| self.sealing.guardian_hash(version, number))?);
        }
        let rows = self.store.read(Reach::Key, move |db| read::sharing(db, IdentifierKind::Guardian, &hashes)).await?;
        rows.iter().map(|row| self.open(row, None)).collect()
    }

    pub async fn by_id(&self, id: CitizenId) -> Result<Option<Arc<OpenRecord>>, StorageError> {
        if !self.cache.is_trusted() {
            return self.read_by_id(id).await;
        }
        match self.cache.record(id).await {
            Some(record) => Ok(Some(record)),
            None => self.cache.record_or(id, self.read_by_id(id)).await,
        }
    }

    /// The members of a household, as their own records say: all of them, however many. Whoever is
    /// left out would be missed by what is stated of the household and watched.
    pub async fn household(&self, id: HouseholdId) -> Result<Vec<Arc<OpenRecord>>, StorageError> {
        let ids = self.store.read(Reach::Key, move |db| read::household_members(db, id)).await?;
        let mut members = Vec::with_capacity(ids.len());
        for member in ids {
            let record = self.by_id(member).await?;
            let belongs = |record: &Arc<OpenRecord>| {
                record.citizen.household.as_ref().is_some_and(|household| household.household_id == id)
            };
            members.extend(record.filter(belongs));
        }
        Ok(members)
    }

    /// Opens a row; `stamp` was taken before the row was read, or is taken now.
    fn open(&self, row: &CitizenRow, stamp: Option<u64>) -> Result<Arc<OpenRecord>, StorageError> {
        self.metrics.loads.inc();
        let citizen = self.sealing.open(row)?;
        let stamp = stamp.unwrap_or_else(|| self.cache.stamp(citizen.citizen_id));
        Ok(Arc::new(OpenRecord::new(citizen, row.row_version, row.sealed.len(), stamp)))
    }

    async fn read_by_id(&self, id: CitizenId) -> Result<Option<Arc<OpenRecord>>, StorageError> {
        let stamp = self.cache.stamp(id);
        let row = self.store.read(Reach::Key, move |db| read::record(db, id)).await?;
        row.map(|row| self.open(&row, Some(stamp))).transpose()
    }

    async fn read_by_number(&self, number: &IdNumber) -> Result<Option<Arc<OpenRecord>>, StorageError> {
        match self.find_row(number).await? {
            Some(row) => self.open(&row, None).map(Some),
            None => {
                self.decoy.open(&self.sealing);
                Ok(None)
            }
        }
    }

    /// Finds who holds the number, and opens the record on the way: both are one read.
    async fn find_holder(&self, number: &IdNumber) -> Result<Holder, StorageError> {
        let (numbers_stamp, changes) = (self.cache.numbers_stamp(), self.cache.changes());
        let Some(row) = self.find_row(number).await? else {
            self.decoy.open(&self.sealing);
            return Ok(Holder::Nobody(numbers_stamp));
        };
        let record = self.open(&row, None)?;
        let id = record.citizen.citizen_id;
        // If nothing changed meanwhile, the record's stamp is that of before the read.
        if self.cache.changes() == changes {
            self.cache.insert(record).await;
        }
        Ok(Holder::Citizen(id))
    }

    async fn find_row(&self, number: &IdNumber) -> Result<Option<CitizenRow>, StorageError> {
        let hashes = self.hashes(|version| self.sealing.number_hash(version, number))?;
        self.store.read(Reach::Key, move |db| read::holder_of_number(db, &hashes)).await
    }

    fn hashes<E>(
        &self,
        hash: impl Fn(u32) -> Result<super::sealing::IdentifierHash, E>,
    ) -> Result<Vec<Hashed>, StorageError>
    where
        StorageError: From<E>,
    {
        let versions = self.sealing.index_versions();
        let hashed = versions.into_iter().map(|version| Ok((version as i32, hash(version)?)));
        hashed.collect()
    }
}
