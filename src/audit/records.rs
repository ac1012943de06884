//! Reading entries back: by receipt, by transaction, by person.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::entry::{RecordedEntry, Salt, canonical, committed, officer_salt, opening_salt, subjects_digest};
use super::error::AuditError;
use super::finder::KeyKind;
use super::operator::organisation_key;
use super::position::Position;
use super::sealing::Opener;
use super::store::{self, EntryRow};
use super::tree::Hash;
use super::{Audit, Receipt};
use crate::crypto::Keyring;
use crate::kernel::{CitizenId, ClientId, Instant, TransactionId};
use crate::storage::{Db, Reach, StorageError};

/// An entry as it was recorded, with what opens its commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedEntry {
    pub receipt: Receipt,
    pub entry: RecordedEntry,
    pub subjects: Vec<CitizenId>,
    /// The canonical form, byte for byte: it names the officer's unit, not the officer.
    pub canonical: String,
    pub salt: Salt,
    pub subjects_digest: Hash,
    /// What opens the officer's digest in the canonical form: for the officer's own client alone.
    pub officer_salt: Option<Salt>,
}

/// Which part of a long list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub skip: usize,
    pub limit: usize,
}

/// Looks at one person, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    pub total: usize,
    pub entries: Vec<OpenedEntry>,
}

/// By log and number of the data key.
type OpenerMap = HashMap<(i32, i32), Arc<Opener>>;

/// Data keys that were opened, kept until entries expire.
#[derive(Clone, Default)]
pub(super) struct Openers(Arc<Mutex<OpenerMap>>);

impl Openers {
    fn get(&self, key: (i32, i32)) -> Option<Arc<Opener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The opener of a data key; `None` if the key has been deleted.
    pub(super) fn load(
        &self,
        db: &mut Db,
        keyring: &Keyring,
        log: i32,
        number: i32,
    ) -> Result<Option<Arc<Opener>>, StorageError> {
        if let Some(known) = self.get((log, number)) {
            return Ok(Some(known));
        }
        let Some(row) = store::data_keys(db, log)?.into_iter().find(|row| row.number == number) else {
            return Ok(None);
        };
        let opener = Arc::new(Opener::new(keyring, &row)?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((log, number), opener.clone());
        Ok(Some(opener))
    }
}

/// What reading takes, apart from a connection.
#[derive(Clone)]
struct Reader {
    keyring: Keyring,
    openers: Openers,
}

impl Reader {
    /// `None` if the entry has expired, or is a note of the log's own.
    fn open(&self, db: &mut Db, row: &EntryRow, name: &str) -> Result<Option<OpenedEntry>, StorageError> {
        let Some((salt, sealed)) = &row.content else { return Ok(None) };
        let Some(opener) = self.openers.load(db, &self.keyring, row.position.log(), row.data_key)? else {
            return Ok(None);
        };
        let altered = |column| StorageError::inconsistent_row("audit_entries", column, row.position.column());
        let opened = opener.open(row.position, sealed).ok_or_else(|| altered("body"))?;
        if committed(salt, &opened.subjects, &opened.body) != row.commitment {
            return Err(altered("commitment"));
        }
        let Some(entry) = RecordedEntry::read(&opened.body) else { return Ok(None) };
        let opening = opening_salt(salt);
        Ok(Some(OpenedEntry {
            receipt: Receipt { log: name.to_owned(), log_index: row.position.index() },
            subjects_digest: subjects_digest(&opening, &opened.subjects),
            subjects: opened.subjects.into_iter().map(CitizenId).collect(),
            canonical: String::from_utf8(canonical(salt, &opened.body)).map_err(|_| altered("body"))?,
            salt: opening,
            officer_salt: entry.officer.as_ref().map(|_| officer_salt(salt)),
            entry,
        }))
    }

    fn open_all(&self, db: &mut Db, positions: &[Position]) -> Result<Vec<OpenedEntry>, StorageError> {
        let names: HashMap<i32, String> = store::logs(db)?.into_iter().map(|log| (log.log, log.name)).collect();
        let rows = store::find_entries(db, positions)?;
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            let name = names.get(&row.position.log()).map_or("", String::as_str);
            opened.extend(self.open(db, &row, name)?.map(|entry| (row.position, entry)));
        }
        let order: HashMap<Position, usize> = positions.iter().copied().zip(0..).collect();
        opened.sort_by_key(|(position, _)| order.get(position).copied());
        Ok(opened.into_iter().map(|(_, entry)| entry).collect())
    }
}

impl Audit {
    fn reader(&self) -> Reader {
        Reader { keyring: self.keyring().clone(), openers: self.openers().clone() }
    }

    /// The entry that a receipt names; `None` if there is none or it has expired.
    pub async fn find(&self, receipt: &Receipt) -> Result<Option<OpenedEntry>, AuditError> {
        let (reader, receipt) = (self.reader(), receipt.clone());
        let read = move |db: &mut Db| {
            let Some(log) = store::find_log(db, &receipt.log)? else { return Ok(None) };
            if receipt.log_index >= log.size {
                return Ok(None);
            }
            let found = reader.open_all(db, &[Position::new(log.log, receipt.log_index)])?;
            Ok::<_, StorageError>(found.into_iter().next())
        };
        Ok(self.store().read(Reach::Scan, read).await?)
    }

    /// Every entry of a transaction, in the order they were written.
    pub async fn find_transaction(&self, transaction: TransactionId) -> Result<Vec<OpenedEntry>, AuditError> {
        let reader = self.reader();
        let read = move |db: &mut Db| {
            let positions = store::search(db, KeyKind::Transaction, transaction.0)?;
            reader.open_all(db, &positions)
        };
        Ok(self.store().read(Reach::Scan, read).await?)
    }

    /// Who looked at a citizen, as of when it was recorded, newest first.
    pub async fn access_history(
        &self,
        citizen: CitizenId,
        range: Range<Instant>,
        page: Page,
    ) -> Result<History, AuditError> {
        self.history_of(citizen.0, range, page).await
    }

    /// What operators changed of an organisation, newest first.
    pub async fn changes_of(
        &self,
        client: &ClientId,
        range: Range<Instant>,
        page: Page,
    ) -> Result<History, AuditError> {
        self.history_of(organisation_key(client), range, page).await
    }

    async fn history_of(&self, key: [u8; 16], range: Range<Instant>, page: Page) -> Result<History, AuditError> {
        let reader = self.reader();
        let read = move |db: &mut Db| {
            let positions = store::search(db, KeyKind::Subject, key)?;
            let mut dated = store::written_at(db, &positions)?;
            dated.retain(|(at, _)| (range.start.as_micros()..range.end.as_micros()).contains(at));
            dated.sort_unstable_by(|left, right| right.cmp(left));
            let wanted: Vec<_> = dated.iter().skip(page.skip).take(page.limit).map(|(_, position)| *position).collect();
            Ok::<_, StorageError>(History { total: dated.len(), entries: reader.open_all(db, &wanted)? })
        };
        Ok(self.store().read(Reach::Scan, read).await?)
    }
}
