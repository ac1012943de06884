//! Writes the entries of a commit group at the end of its transaction.

use std::sync::Arc;

use super::entry::{Salt, committed};
use super::finder::{self, Item, KeyKind, SEGMENT};
use super::opening::{Opening, Resumed};
use super::position::{MAX_LOG_SIZE, Position};
use super::sealing::DataKey;
use super::shared::{Lease, Shared};
use super::store::{self, EntryRow};
use super::tail::{FullTile, Tail};
use crate::crypto::aead::FreshNonce;
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{Clock, Entropy};
use crate::storage::{Db, Record, StorageError, Trailer};

/// The state that the database had when the last group ended; taken out while a group is written,
/// so that whatever goes wrong the next one reads it again.
struct Edge {
    lease: Arc<Lease>,
    tail: Tail,
    written_at: i64,
    next_key: i32,
    key: Option<DataKey>,
}

pub(super) struct LogWriter {
    opening: Opening,
    keyring: Keyring,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    shared: Arc<Shared>,
    edge: Option<Edge>,
    scratch: Scratch,
}

/// Buffers that outlive a group.
#[derive(Default)]
struct Scratch {
    salts: Vec<u8>,
    plain: Vec<u8>,
    rows: Vec<EntryRow>,
    full: Vec<FullTile>,
    list: Vec<u8>,
}

impl LogWriter {
    pub(super) fn new(
        opening: Opening,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { opening, keyring, clock, entropy, shared, edge: None, scratch: Scratch::default() }
    }

    /// Reads the tail again and holds it against the last head known to be durable. A log that can no longer be
    /// continued (lease lost, or behind its own checkpoint after a failover) is left for a new one.
    fn read_edge(&mut self, db: &mut Db) -> Result<Edge, StorageError> {
        let head = self.shared.head();
        let (lease, tail) = match self.opening.resume(db, &head.lease, &head.checkpoint(), self.clock.now())? {
            Resumed::Sound(tail) => (head.lease, tail),
            Resumed::Lost(why) => {
                tracing::error!(log = %head.lease.name, %why, "the audit log is not continued: opening a new one");
                let lease = self.opening.open_new(db, self.clock.now(), &*self.entropy)?;
                self.shared.learn_name(lease.log, lease.name.clone());
                (Arc::new(lease), Tail::default())
            }
        };
        let last = store::entries_from(db, lease.log, tail.size().saturating_sub(1)..tail.size(), 1)?;
        let next_key = store::data_keys(db, lease.log)?.last().map_or(1, |key| key.number + 1);
        Ok(Edge { lease, tail, written_at: last.first().map_or(0, |row| row.written_at), next_key, key: None })
    }

    /// A data key with room for `needed` seals, under the keyring's active version.
    fn ensure_key(&self, db: &mut Db, edge: &mut Edge, needed: u32) -> Result<DataKey, StorageError> {
        let active = self.keyring.active(KeyUse::Seal);
        if let Some(key) = edge.key.take().filter(|key| key.version == active && key.left >= needed) {
            return Ok(key);
        }
        let (log, first) = (edge.lease.log, edge.tail.size());
        let (key, row) = DataKey::make(&self.keyring, &*self.entropy, log, edge.next_key, first)?;
        store::insert_data_key(db, &row)?;
        edge.next_key += 1;
        Ok(key)
    }

    fn write_group(&mut self, db: &mut Db, edge: &mut Edge, records: &[Record]) -> Result<(), StorageError> {
        let (log, first) = (edge.lease.log, edge.tail.size());
        let end = first + records.len() as u64;
        if !store::advance(db, log, edge.lease.epoch, first, end)? {
            return Err(StorageError::unavailable("the lease of the audit log was lost"));
        }
        edge.written_at = edge.written_at.max(self.clock.now().as_micros());
        let mut key = self.ensure_key(db, edge, records.len() as u32)?;
        let Scratch { salts, plain, rows, full, list } = &mut self.scratch;
        salts.resize(records.len() * size_of::<Salt>(), 0);
        self.entropy.fill(salts);
        let nonces = FreshNonce::draw(&*self.entropy, records.len());
        for (((record, salt), nonce), index) in records.iter().zip(salts.as_chunks().0).zip(nonces).zip(first..) {
            let position = Position::new(log, index);
            let subjects = record.subjects.get(1..).unwrap_or_default();
            let leaf = committed(salt, subjects, &record.body);
            edge.tail.push(leaf, full);
            let body = key.seal(nonce, position, subjects, &record.body, plain);
            rows.push(EntryRow {
                position,
                written_at: edge.written_at,
                data_key: key.number,
                commitment: leaf,
                content: Some((*salt, body)),
            });
            record.slot.fill(position.column().cast_unsigned());
        }
        store::insert_entries(db, rows)?;
        store::insert_tiles(db, log, full)?;
        for part in by_segment(first, records) {
            list.clear();
            list_keys(&records[(part.start - first) as usize..(part.end - first) as usize], list);
            store::insert_list(db, Position::new(log, part.start), list)?;
        }
        edge.key = Some(key);
        Ok(())
    }
}

/// The group's indexes, cut where a segment of the finder begins.
fn by_segment(first: u64, records: &[Record]) -> impl Iterator<Item = std::ops::Range<u64>> {
    let end = first + records.len() as u64;
    let mut start = first;
    std::iter::from_fn(move || {
        let part = start..end.min((start / SEGMENT + 1) * SEGMENT);
        start = part.end;
        (!part.is_empty()).then_some(part)
    })
}

/// A record's keys are its transaction, then its subjects (see [`super::Audit::append`]).
fn list_keys(records: &[Record], list: &mut Vec<u8>) {
    for (record, offset) in records.iter().zip(0..) {
        let kinds = std::iter::once(KeyKind::Transaction).chain(std::iter::repeat(KeyKind::Subject));
        for (key, kind) in record.subjects.iter().zip(kinds) {
            finder::append(list, Item { key: *key, kind, offset });
        }
    }
}

impl Trailer for LogWriter {
    fn write(&mut self, db: &mut Db, records: &[Record]) -> Result<(), StorageError> {
        let mut edge = match self.edge.take() {
            Some(edge) if edge.tail.size() + records.len() as u64 <= MAX_LOG_SIZE => edge,
            _ => self.read_edge(db)?,
        };
        self.scratch.rows.clear();
        self.scratch.full.clear();
        self.write_group(db, &mut edge, records)?;
        self.edge = Some(edge);
        Ok(())
    }

    fn committed(&mut self) {
        if let Some(edge) = &self.edge {
            self.shared.advance(&edge.lease, edge.tail.tree());
        }
    }

    fn rolled_back(&mut self) {
        self.edge = None;
    }

    fn in_doubt(&mut self) {
        self.edge = None;
    }
}
