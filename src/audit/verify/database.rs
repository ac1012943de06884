//! Verifies the logs of a database: entries against leaves, leaves against tiles and roots.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::known::{Known, KnownError, KnownLog};
use super::rebuild::{Claim, Rebuild};
use super::report::{Fault, LogReport, Report};
use super::trails::Trails;
use crate::audit::checkpoint::{Checkpoint, verifier_key};
use crate::audit::entry::{ExpiryNote, committed};
use crate::audit::finder::SEGMENT;
use crate::audit::position::Position;
use crate::audit::records::Openers;
use crate::audit::sealing::Opened;
use crate::audit::store::{self, EntryRow, LogRow, LogState};
use crate::audit::tile::TILE_WIDTH;
use crate::audit::tree::Hash;
use crate::crypto::{KeyUse, Keyring, VerifyingKey};
use crate::storage::{Db, Reach, StorageError, Store};

#[derive(Debug, Clone, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Known(#[from] KnownError),
}

/// Bundles read in one go, so that a verification does not hold one reading transaction for hours.
const BUNDLES_PER_READ: u64 = 64;

/// Re-computes every log of a database and remembers the sound ones in `known`.
pub async fn verify_database(store: &Store, keyring: &Keyring, known: &mut Known) -> Result<Report, VerifyError> {
    let keys: Vec<VerifyingKey> = keyring.verifying_keys(KeyUse::Audit).into_iter().map(|(_, key)| key).collect();
    let mut rows = store.read(Reach::Scan, store::logs).await?;
    let (mut report, mut notes) = (Report::default(), HashMap::new());
    for row in &mut rows {
        let seen = known.logs.get(&row.name).cloned();
        let mut found = verify_log(store, keyring, row, &keys, seen.as_ref(), &mut notes).await?;
        if found.faults_in_all > 0 && expired_meanwhile(store, row).await? {
            found = verify_log(store, keyring, row, &keys, seen.as_ref(), &mut notes).await?;
        }
        report.logs.push(found);
    }
    for (row, log) in rows.iter().zip(&mut report.logs) {
        let noted = notes.get(&row.name).copied().unwrap_or(0);
        // A log all of whose entries are gone may have outlived the note about them.
        let outlived = row.state == LogState::Closed && row.expired_below == row.size && noted == 0;
        if noted < row.expired_below && !outlived {
            log.fault(Fault::ExpiryWithoutNote { below: row.expired_below });
        }
        if log.faults_in_all == 0 {
            let verifier_keys = keys.iter().map(|key| verifier_key(&row.origin, key)).collect();
            known.remember(&row.name, KnownLog { note: row.checkpoint.clone(), verifier_keys })?;
        }
    }
    for name in known.logs.keys().filter(|name| rows.iter().all(|row| row.name != **name)) {
        let mut missing = LogReport::new(name);
        missing.fault(Fault::LogMissing);
        report.logs.push(missing);
    }
    Ok(report)
}

/// Entries may expire while they are being read: whether that happened, and the log as it is now.
async fn expired_meanwhile(store: &Store, row: &mut LogRow) -> Result<bool, StorageError> {
    let name = row.name.clone();
    let now = store.read(Reach::Scan, move |db| store::find_log(db, &name)).await?;
    let Some(now) = now.filter(|now| now.expired_below != row.expired_below) else { return Ok(false) };
    *row = now;
    Ok(true)
}

/// How far each log's notes say that entries have expired.
type Notes = HashMap<String, u64>;

async fn verify_log(
    store: &Store,
    keyring: &Keyring,
    row: &LogRow,
    keys: &[VerifyingKey],
    seen: Option<&KnownLog>,
    notes: &mut Notes,
) -> Result<LogReport, StorageError> {
    let mut log = LogCheck {
        row: row.clone(),
        keyring: keyring.clone(),
        openers: Openers::default(),
        rebuild: Rebuild::new(),
        trails: Trails::default(),
        report: LogReport::new(&row.name),
        notes: Notes::new(),
    };
    log.expect_roots(keys, seen);
    log.trails.expired_below(row.expired_below);
    let bundles = row.size.div_ceil(TILE_WIDTH);
    let shared = Arc::new(Mutex::new(log));
    for from in (0..bundles).step_by(BUNDLES_PER_READ as usize) {
        let shared = shared.clone();
        let read = move |db: &mut Db| {
            let mut log = shared.lock().unwrap_or_else(PoisonError::into_inner);
            (from..bundles.min(from + BUNDLES_PER_READ)).try_for_each(|bundle| log.bundle(db, bundle))
        };
        store.read(Reach::Scan, read).await?;
    }
    let mut log = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let log = &mut *log;
    std::mem::replace(&mut log.rebuild, Rebuild::new()).finish(&mut log.report);
    for (name, below) in log.notes.drain() {
        let noted = notes.entry(name).or_default();
        *noted = below.max(*noted);
    }
    Ok(std::mem::take(&mut log.report))
}

struct LogCheck {
    row: LogRow,
    keyring: Keyring,
    openers: Openers,
    rebuild: Rebuild,
    trails: Trails,
    report: LogReport,
    notes: Notes,
}

impl LogCheck {
    fn expect_roots(&mut self, keys: &[VerifyingKey], seen: Option<&KnownLog>) {
        let report = &mut self.report;
        if self.row.checkpoint.is_empty() {
            report.fault(Fault::NoCheckpoint);
        } else {
            match Checkpoint::open(&self.row.checkpoint, keys) {
                Ok(published) if published.origin != self.row.origin => report.fault(Fault::WrongOrigin),
                Ok(published) => {
                    report.signed = published.size;
                    self.rebuild.expect(Claim::Published, &published, report);
                }
                Err(fault) => report.fault(Fault::BadCheckpoint(fault)),
            }
        }
        if let Some(seen) = seen.and_then(KnownLog::checkpoint) {
            self.rebuild.expect(Claim::Seen, &seen, report);
        }
    }

    fn bundle(&mut self, db: &mut Db, bundle: u64) -> Result<(), StorageError> {
        let indexes = bundle * TILE_WIDTH..self.row.size.min((bundle + 1) * TILE_WIDTH);
        let complete = indexes.end == (bundle + 1) * TILE_WIDTH;
        let rows = store::entries_from(db, self.row.log, indexes.clone(), TILE_WIDTH as u32)?;
        let leaves = if complete { self.stored_tile(db, 0, bundle)? } else { None };
        let mut commitments = Vec::with_capacity(TILE_WIDTH as usize);
        let mut present = rows.iter().peekable();
        for (place, index) in indexes.clone().enumerate() {
            let row = present.next_if(|row| row.position.index() == index);
            let leaf = leaves.as_ref().and_then(|leaves| leaves.get(place));
            self.entry(db, index, row, leaf, complete)?;
            // A leaf that is nowhere makes the roots differ: the faults say so twice.
            commitments.push(leaf.or(row.map(|row| &row.commitment)).copied().unwrap_or_default());
        }
        let mut full = Vec::new();
        self.rebuild.grow(&commitments, &mut full, &mut self.report);
        for tile in full {
            let stored = store::tile_row(db, self.row.log, tile.level, tile.index)?;
            if stored.is_some_and(|(root, hashes)| root != tile.root || hashes != tile.hashes) {
                self.report.fault(Fault::TileChanged { level: tile.level, index: tile.index });
            }
            if tile.level > 0 {
                self.stored_tile(db, tile.level, tile.index)?;
            }
        }
        if indexes.end % SEGMENT == 0 || indexes.end == self.row.size {
            let segment = (indexes.end - 1) / SEGMENT;
            self.trails.settle(db, &self.row, segment, indexes.end, &mut self.report)?;
        }
        Ok(())
    }

    fn stored_tile(&mut self, db: &mut Db, level: u8, index: u64) -> Result<Option<Vec<Hash>>, StorageError> {
        let stored = store::tile_row(db, self.row.log, level, index)?;
        if stored.is_none() {
            self.report.fault(Fault::TileMissing { level, index });
        }
        Ok(stored.map(|(_, hashes)| hashes))
    }

    fn entry(
        &mut self,
        db: &mut Db,
        index: u64,
        row: Option<&EntryRow>,
        leaf: Option<&Hash>,
        complete: bool,
    ) -> Result<(), StorageError> {
        let may_be_gone = index < self.row.expired_below;
        let Some(row) = row else {
            match may_be_gone && complete {
                true => self.report.expired += 1,
                false => self.report.fault(Fault::EntryRemoved(index)),
            }
            return Ok(());
        };
        if leaf.is_some_and(|leaf| *leaf != row.commitment) {
            self.report.fault(Fault::LeafChanged(index));
        }
        match (&row.content, may_be_gone) {
            // Expired, or about to be.
            (None, true) => self.report.expired += 1,
            (Some(_), true) => {}
            (None, false) => self.report.fault(Fault::EntryRemoved(index)),
            (Some(_), false) => match self.open(db, row)? {
                Some(opened) => {
                    self.report.opened += 1;
                    self.trails.expect(index, &opened);
                    if let Some(note) = ExpiryNote::read(&opened.body) {
                        let noted = self.notes.entry(note.log).or_default();
                        *noted = note.below.max(*noted);
                    }
                }
                None => self.report.fault(Fault::EntryChanged(index)),
            },
        }
        Ok(())
    }

    /// `None` if the entry does not open to what its commitment says.
    fn open(&self, db: &mut Db, row: &EntryRow) -> Result<Option<Opened>, StorageError> {
        let Some((salt, sealed)) = &row.content else { return Ok(None) };
        let Some(opener) = self.openers.load(db, &self.keyring, self.row.log, row.data_key)? else { return Ok(None) };
        let position = Position::new(self.row.log, row.position.index());
        let opened = opener.open(position, sealed);
        Ok(opened.filter(|opened| committed(salt, &opened.subjects, &opened.body) == row.commitment))
    }
}
