//! Writes many citizens, found by their numbers, in slices.
//!
//! A slice is prepared on a reading connection (who is known? what differs? sealed bytes, hashes)
//! and written in one short transaction. If another writer came in between, the transaction fails
//! as a whole and the slice is prepared again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant as Moment;

use diesel::prelude::*;

use crate::citizens::Citizen;
use crate::citizens::sealing::{IdentifierHash, Sealing};
use crate::kernel::{CitizenId, Clock, IdNumber, Instant};
use crate::storage::schema::{citizens, identifiers};
use crate::storage::{Db, Reach, StorageError, Store};

use super::apply::Batch;
use super::pace::Pace;
use super::plan::{Known, Plan, Refusal, plan_change, plan_new};
use super::rows::{self, CitizenRow, IdentifierKind};
use super::statistics::Statistics;
use super::write::WriteError;

/// Keys per IN list.
const KEYS_PER_QUERY: usize = 400;
/// How often a slice is prepared again because another writer was faster.
pub(crate) const ATTEMPTS: usize = 8;

/// Citizens on their way into the store. Their `citizen_id` is a proposal: who is already known by
/// number keeps the stored one.
#[derive(Debug, Clone)]
pub struct Slice {
    citizens: Arc<Vec<Citizen>>,
    /// Where this part begins.
    start: usize,
    /// How many citizens it covers; the rest share a number with them and come after.
    covered: usize,
    batch: Arc<Batch>,
    outcome: SliceOutcome,
}

impl Slice {
    /// What writing this part will have done.
    pub fn outcome(&self) -> &SliceOutcome {
        &self.outcome
    }

    /// Whether nothing comes after this part.
    pub fn is_last(&self) -> bool {
        self.start + self.covered == self.citizens.len()
    }

    /// Whether this part writes anything.
    pub fn changes_nothing(&self) -> bool {
        self.batch.is_empty()
    }
}

/// What comes of the citizens of one part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SliceOutcome {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// By position among the citizens that were given.
    pub refused: Vec<(usize, Refusal)>,
}

/// Brings populations in; used by the seed and the import.
#[derive(Clone)]
pub struct BulkWriter {
    store: Store,
    sealing: Sealing,
    clock: Arc<dyn Clock>,
    pace: Arc<Pace>,
    statistics: Arc<Statistics>,
}

impl BulkWriter {
    pub fn new(store: Store, sealing: Sealing, clock: Arc<dyn Clock>) -> Self {
        let pace = Arc::new(Pace::new(store.is_sqlite()));
        Self { store, sealing, clock, pace, statistics: Arc::default() }
    }

    /// How many citizens a slice should have now to hold the write lock no longer than it may.
    pub fn slice_rows(&self) -> usize {
        self.pace.rows()
    }

    /// Resolves and seals the citizens `make` gives, on a blocking thread, beside whatever else it
    /// found out about them.
    pub async fn prepare<M: Send + 'static>(
        &self,
        make: impl FnOnce() -> (Vec<Citizen>, M) + Send + 'static,
    ) -> Result<(Slice, M), WriteError> {
        let (sealing, at) = (self.sealing.clone(), self.clock.now());
        let work = move |db: &mut Db| {
            let (citizens, made) = make();
            Ok((prepare(db, &sealing, Arc::new(citizens), 0, at)?, made))
        };
        self.store.read(Reach::Scan, work).await
    }

    /// Writes one part in a transaction that `also` joins.
    ///
    /// # Errors
    /// `Storage(Conflict)` if another writer was faster: prepare it [`again`](Self::again).
    pub async fn commit(
        &self,
        slice: &Slice,
        also: impl Fn(&mut Db) -> Result<(), StorageError> + Send + 'static,
    ) -> Result<(), WriteError> {
        let (batch, rows) = (Arc::clone(&slice.batch), slice.batch.len());
        let write = move |db: &mut Db| -> Result<(Moment, Moment), StorageError> {
            let began = Moment::now();
            if !batch.is_empty() {
                batch.apply(db)?;
            }
            also(db)?;
            Ok((began, Moment::now()))
        };
        let (began, written) = self.store.bulk(write).await?;
        self.pace.observe(rows, written - began, written.elapsed());
        self.statistics.keep_up(&self.store, rows as u64).await;
        Ok(())
    }

    /// The same part, resolved anew.
    pub async fn again(&self, slice: Slice) -> Result<Slice, WriteError> {
        self.prepare_from(slice.citizens, slice.start).await
    }

    /// The part after one that was committed.
    pub async fn next(&self, slice: Slice) -> Result<Option<Slice>, WriteError> {
        match slice.is_last() {
            true => Ok(None),
            false => self.prepare_from(slice.citizens, slice.start + slice.covered).await.map(Some),
        }
    }

    /// Writes a slice with all its parts, again as often as another writer is faster.
    pub async fn write(&self, slice: Slice) -> Result<SliceOutcome, WriteError> {
        let mut outcome = SliceOutcome::default();
        let mut part = Some(slice);
        let mut attempts = 0;
        while let Some(slice) = part {
            part = match self.commit(&slice, |_| Ok(())).await {
                Ok(()) => {
                    outcome.absorb(&slice.outcome);
                    self.next(slice).await?
                }
                Err(WriteError::Storage(StorageError::Conflict(_))) if attempts < ATTEMPTS => {
                    attempts += 1;
                    Some(self.again(slice).await?)
                }
                Err(error) => return Err(error),
            };
        }
        Ok(outcome)
    }

    async fn prepare_from(&self, citizens: Arc<Vec<Citizen>>, start: usize) -> Result<Slice, WriteError> {
        let (sealing, at) = (self.sealing.clone(), self.clock.now());
        self.store.read(Reach::Scan, move |db| prepare(db, &sealing, citizens, start, at)).await
    }
}

impl SliceOutcome {
    fn absorb(&mut self, part: &SliceOutcome) {
        self.created += part.created;
        self.updated += part.updated;
        self.unchanged += part.unchanged;
        self.refused.extend_from_slice(&part.refused);
    }
}

/// Plans the citizens from `start` on, up to the first that names a number an earlier one of them
/// names too: that one must see the earlier one stored.
fn prepare(
    db: &mut Db,
    sealing: &Sealing,
    citizens: Arc<Vec<Citizen>>,
    start: usize,
    at: Instant,
) -> Result<Slice, WriteError> {
    let rest = &citizens[start..];
    let covered = independent(rest);
    let holders = Holders::of(db, sealing, &rest[..covered])?;
    let known = load_known(db, sealing, holders.found())?;
    let mut batch = Batch::default();
    let mut outcome = SliceOutcome::default();
    for (index, citizen) in rest[..covered].iter().enumerate() {
        match holders.of_citizen(sealing, citizen)? {
            Err(refusal) => outcome.refused.push((start + index, refusal)),
            Ok(None) => {
                outcome.created += 1;
                batch.push(plan_new(sealing, citizen)?, at);
            }
            Ok(Some(id)) => {
                let known =
                    known.get(&id).ok_or_else(|| StorageError::inconsistent_row("identifiers", "citizen_id", id))?;
                match known_change(sealing, known, citizen)? {
                    Err(refusal) => outcome.refused.push((start + index, refusal)),
                    Ok(None) => outcome.unchanged += 1,
                    Ok(Some(plan)) => {
                        outcome.updated += 1;
                        batch.push(plan, at);
                    }
                }
            }
        }
    }
    Ok(Slice { citizens, start, covered, batch: Arc::new(batch), outcome })
}

type Change = Result<Option<Plan>, Refusal>;

fn known_change(sealing: &Sealing, known: &Known, citizen: &Citizen) -> Result<Change, WriteError> {
    if citizen.cancelled_id_numbers.contains(&citizen.id_number) {
        return Ok(Err(Refusal::NumberCancelled));
    }
    Ok(Ok(plan_change(sealing, known, citizen)?))
}

/// How many citizens from the first on share no number.
fn independent(citizens: &[Citizen]) -> usize {
    let mut seen: HashSet<&IdNumber> = HashSet::with_capacity(citizens.len());
    citizens
        .iter()
        .take_while(|citizen| numbers(citizen).all(|number| seen.insert(number)))
        .count()
        .max(1)
        .min(citizens.len())
}

fn numbers(citizen: &Citizen) -> impl Iterator<Item = &IdNumber> {
    std::iter::once(&citizen.id_number).chain(&citizen.cancelled_id_numbers)
}

/// Who holds the numbers of a slice, under any key version.
struct Holders {
    versions: Vec<u32>,
    by_hash: HashMap<(u32, IdentifierHash), (CitizenId, bool)>,
}

impl Holders {
    fn of(db: &mut Db, sealing: &Sealing, citizens: &[Citizen]) -> Result<Self, WriteError> {
        let versions = sealing.index_versions();
        let mut by_hash = HashMap::new();
        for version in &versions {
            let hashes: Vec<Vec<u8>> = citizens
                .iter()
                .flat_map(numbers)
                .map(|number| Ok(sealing.number_hash(*version, number)?.to_vec()))
                .collect::<Result<_, WriteError>>()?;
            for keys in hashes.chunks(KEYS_PER_QUERY) {
                let found: Vec<(Vec<u8>, Vec<u8>, bool)> = identifiers::table
                    .filter(identifiers::kind.eq(IdentifierKind::Number as i16))
                    .filter(identifiers::key_version.eq(*version as i32))
                    .filter(identifiers::hash.eq_any(keys))
                    .select((identifiers::hash, identifiers::citizen_id, identifiers::active))
                    .load(db)?;
                for (hash, id, active) in found {
                    let hash = IdentifierHash::try_from(hash.as_slice()).map_err(|_| hash_fault())?;
                    by_hash.insert((*version, hash), (rows::citizen_id("identifiers", &id)?, active));
                }
            }
        }
        Ok(Self { versions, by_hash })
    }

    fn found(&self) -> Vec<CitizenId> {
        let ids: HashSet<CitizenId> = self.by_hash.values().map(|(id, _)| *id).collect();
        ids.into_iter().collect()
    }

    /// The stored citizen these numbers belong to, if any.
    fn of_citizen(
        &self,
        sealing: &Sealing,
        citizen: &Citizen,
    ) -> Result<Result<Option<CitizenId>, Refusal>, WriteError> {
        if self.by_hash.is_empty() {
            return Ok(Ok(None));
        }
        let mut owner = None;
        for version in &self.versions {
            for number in numbers(citizen) {
                let hash = sealing.number_hash(*version, number)?;
                let Some((id, active)) = self.by_hash.get(&(*version, hash)) else { continue };
                if !active && *number == citizen.id_number {
                    return Ok(Err(Refusal::NumberCancelled));
                }
                if owner.is_some_and(|owner| owner != *id) {
                    return Ok(Err(Refusal::NumbersOfSeveral));
                }
                owner = Some(*id);
            }
        }
        Ok(Ok(owner))
    }
}

fn hash_fault() -> StorageError {
    StorageError::inconsistent_row("identifiers", "hash", "not 16 bytes")
}

fn load_known(db: &mut Db, sealing: &Sealing, ids: Vec<CitizenId>) -> Result<HashMap<CitizenId, Known>, WriteError> {
    let mut known = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(KEYS_PER_QUERY) {
        let keys: Vec<Vec<u8>> = ids.iter().map(|id| id.0.to_vec()).collect();
        let rows: Vec<CitizenRow> =
            citizens::table.filter(citizens::citizen_id.eq_any(keys)).select(CitizenRow::as_select()).load(db)?;
        for row in rows {
            let citizen = sealing.open(&row)?;
            known.insert(citizen.citizen_id, Known { citizen, row_version: row.row_version });
        }
    }
    Ok(known)
}
