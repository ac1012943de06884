//! Writes many citizens, found by their numbers, in slices.
//!
//! A slice is prepared on a reading connection (who is known? what differs? sealed bytes, hashes)
//! and written in one short transaction. If another writer came in between, the transaction fails
//! as a whole and the slice is prepared again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;

use crate::citizens::Citizen;
use crate::citizens::sealing::{IdentifierHash, Sealing};
use crate::kernel::{CitizenId, Clock, IdNumber, Instant};
use crate::storage::schema::{citizens, identifiers};
use crate::storage::{Db, Reach, StorageError, Store};

use super::apply::Batch;
use super::plan::{Known, Plan, Refusal, plan_change, plan_new};
use super::rows::{self, CitizenRow, IdentifierKind};
use super::write::WriteError;

/// Keys per IN list.
const KEYS_PER_QUERY: usize = 400;
/// How often a slice is prepared again because another writer was faster.
const ATTEMPTS: usize = 8;

/// Citizens on their way into the store. Their `citizen_id` is a proposal: who is already known by
/// number keeps the stored one.
#[derive(Debug, Clone)]
pub struct Slice {
    citizens: Arc<Vec<Citizen>>,
    batch: Arc<Batch>,
    /// How many of `citizens` the batch covers; the rest share a number with them and come after.
    covered: usize,
    outcome: SliceOutcome,
}

/// What came of the citizens of one slice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SliceOutcome {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// By position in the slice.
    pub refused: Vec<(usize, Refusal)>,
}

impl SliceOutcome {
    fn absorb(&mut self, later: SliceOutcome, offset: usize) {
        self.created += later.created;
        self.updated += later.updated;
        self.unchanged += later.unchanged;
        self.refused.extend(later.refused.into_iter().map(|(index, refusal)| (index + offset, refusal)));
    }
}

/// Brings populations in; used by the seed and the import.
#[derive(Clone)]
pub struct BulkWriter {
    store: Store,
    sealing: Sealing,
    clock: Arc<dyn Clock>,
}

impl BulkWriter {
    pub fn new(store: Store, sealing: Sealing, clock: Arc<dyn Clock>) -> Self {
        Self { store, sealing, clock }
    }

    /// Resolves and seals the citizens `make` gives; both run on a blocking thread.
    pub async fn prepare(&self, make: impl FnOnce() -> Vec<Citizen> + Send + 'static) -> Result<Slice, WriteError> {
        let (sealing, at) = (self.sealing.clone(), self.clock.now());
        self.store.read(Reach::Scan, move |db| prepare(db, &sealing, Arc::new(make()), 0, at)).await
    }

    /// Writes a prepared slice; `also` joins the transaction that completes it.
    pub async fn write(
        &self,
        slice: Slice,
        also: impl Fn(&mut Db) -> Result<(), StorageError> + Send + Sync + 'static,
    ) -> Result<SliceOutcome, WriteError> {
        let also = Arc::new(also);
        let mut outcome = SliceOutcome::default();
        let mut slice = slice;
        let (mut start, mut attempts) = (0, 0);
        loop {
            let last = start + slice.covered == slice.citizens.len();
            match self.write_part(&slice, last.then(|| Arc::clone(&also))).await {
                Ok(()) => {
                    outcome.absorb(slice.outcome, start);
                    start += slice.covered;
                    attempts = 0;
                    if last {
                        return Ok(outcome);
                    }
                }
                Err(StorageError::Conflict(_)) if attempts < ATTEMPTS => attempts += 1,
                Err(error) => return Err(error.into()),
            }
            let (sealing, citizens, at) = (self.sealing.clone(), slice.citizens, self.clock.now());
            slice = self.store.read(Reach::Scan, move |db| prepare(db, &sealing, citizens, start, at)).await?;
        }
    }

    async fn write_part<A>(&self, slice: &Slice, also: Option<Arc<A>>) -> Result<(), StorageError>
    where
        A: Fn(&mut Db) -> Result<(), StorageError> + Send + Sync + 'static,
    {
        let batch = Arc::clone(&slice.batch);
        let write = move |db: &mut Db| {
            if !batch.is_empty() {
                batch.apply(db)?;
            }
            also.as_ref().map_or(Ok(()), |also| also(db))
        };
        self.store.bulk(write).await
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
            Err(refusal) => outcome.refused.push((index, refusal)),
            Ok(None) => {
                outcome.created += 1;
                batch.push(plan_new(sealing, citizen)?, at);
            }
            Ok(Some(id)) => {
                let known = known.get(&id).ok_or_else(|| StorageError::Inconsistent {
                    table: "identifiers",
                    column: "citizen_id",
                    row: id.to_string(),
                })?;
                match known_change(sealing, known, citizen)? {
                    Err(refusal) => outcome.refused.push((index, refusal)),
                    Ok(None) => outcome.unchanged += 1,
                    Ok(Some(plan)) => {
                        outcome.updated += 1;
                        batch.push(plan, at);
                    }
                }
            }
        }
    }
    Ok(Slice { citizens, batch: Arc::new(batch), covered, outcome })
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
    StorageError::Inconsistent { table: "identifiers", column: "hash", row: "not 16 bytes".to_owned() }
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
