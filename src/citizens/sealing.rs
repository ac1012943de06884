//! From a citizen to sealed bytes and keyed hashes, and back.
//!
//! A record is bound to `citizen_id` and row version: an older version put back does not open. Identifiers are
//! HMAC-SHA-256 under keys outside the database, one key per kind, cut to 16 bytes.

use std::sync::Arc;

use crate::citizens::Citizen;
use crate::citizens::matching::index_form;
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{CitizenId, Entropy, IdNumber, LegacyIdNumber, PartialDate, PersonName, Precision};
use crate::sealing::{SealedTable, tag};
use crate::storage::StorageError;

use super::store::rows::{CitizenRow, IdentifierKind, IdentifierRow};

pub use super::store::rows::CitizenRow as SealedRow;

const TABLE: &str = "citizens";

/// The keyed hash of one identifier.
pub type IdentifierHash = [u8; 16];

/// Seals, opens and hashes with the installation's keys. Cheap to clone.
#[derive(Clone)]
pub struct Sealing {
    keyring: Keyring,
    entropy: Arc<dyn Entropy>,
    records: SealedTable<Citizen>,
}

impl Sealing {
    pub fn new(keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        let records = SealedTable::new(TABLE, keyring.clone(), entropy.clone());
        Self { keyring, entropy, records }
    }

    /// The row of `citizen` at `row_version`, under the active sealing key.
    pub fn seal(&self, citizen: &Citizen, row_version: i64) -> Result<CitizenRow, StorageError> {
        let id = citizen.citizen_id;
        let sealed = self.records.seal(&[id.as_bytes(), &row_version.to_be_bytes()], citizen)?;
        Ok(CitizenRow { citizen_id: id.0.to_vec(), row_version, key_version: sealed.key_version, sealed: sealed.bytes })
    }

    /// The citizen a row holds.
    pub fn open(&self, row: &CitizenRow) -> Result<Citizen, StorageError> {
        let bound_to: [&[u8]; 2] = [&row.citizen_id, &row.row_version.to_be_bytes()];
        let citizen = self.records.open(&bound_to, row.key_version, &row.sealed)?;
        let is_its_own = citizen.citizen_id.as_bytes().as_slice() == row.citizen_id;
        if is_its_own { Ok(citizen) } else { Err(StorageError::inconsistent(TABLE, "citizen_id")) }
    }

    /// Another table of this room whose content names people.
    pub fn table<T>(&self, name: &'static str) -> SealedTable<T> {
        SealedTable::new(name, self.keyring.clone(), self.entropy.clone())
    }

    /// The version new identifiers are hashed under.
    pub fn index_version(&self) -> u32 {
        self.keyring.active(KeyUse::Index)
    }

    /// Every version an identifier may still be stored under, newest first: look under each.
    pub fn index_versions(&self) -> Vec<u32> {
        self.keyring.versions(KeyUse::Index)
    }

    pub fn number_hash(&self, version: u32, number: &IdNumber) -> Result<IdentifierHash, StorageError> {
        self.hash(IdentifierKind::Number, version, &[number.expose().as_bytes()])
    }

    pub fn legacy_hash(&self, version: u32, number: &LegacyIdNumber) -> Result<IdentifierHash, StorageError> {
        self.hash(IdentifierKind::Legacy, version, &[number.expose().as_bytes()])
    }

    /// The hash of name and birth date together. A record is stored under its own precision only:
    /// to find it by a full date, look under `date`, `date.at(Month)` and `date.at(Year)`
    /// (see [`precisions`]).
    pub fn name_and_birth_hash(
        &self,
        version: u32,
        name: &PersonName,
        date: PartialDate,
    ) -> Result<IdentifierHash, StorageError> {
        let name = index_form(name);
        self.hash(IdentifierKind::NameAndBirth, version, &[name.as_bytes(), b"\n", date.to_string().as_bytes()])
    }

    /// The identifiers a citizen has under an index version.
    pub fn identifiers(&self, version: u32, citizen: &Citizen) -> Result<Vec<IdentifierRow>, StorageError> {
        let id = citizen.citizen_id;
        let mut found = Vec::with_capacity(3 + citizen.cancelled_id_numbers.len());
        found.push(row(IdentifierKind::Number, version, self.number_hash(version, &citizen.id_number)?, id, true));
        for number in &citizen.cancelled_id_numbers {
            found.push(row(IdentifierKind::Number, version, self.number_hash(version, number)?, id, false));
        }
        if let Some(number) = &citizen.legacy_id_number {
            found.push(row(IdentifierKind::Legacy, version, self.legacy_hash(version, number)?, id, true));
        }
        let hash = self.name_and_birth_hash(version, &citizen.full_name, citizen.date_of_birth)?;
        found.push(row(IdentifierKind::NameAndBirth, version, hash, id, true));
        for number in guardians(citizen) {
            found.push(row(IdentifierKind::Guardian, version, self.guardian_hash(version, number)?, id, true));
        }
        Ok(found)
    }

    /// By which a record that names somebody as guardian is found.
    pub fn guardian_hash(&self, version: u32, number: &IdNumber) -> Result<IdentifierHash, StorageError> {
        self.hash(IdentifierKind::Guardian, version, &[number.expose().as_bytes()])
    }

    /// The keyed hash by which an event waits for a number that nobody has yet.
    pub fn awaited_number(&self, version: u32, number: &IdNumber) -> Result<IdentifierHash, StorageError> {
        tag(&self.keyring, "awaited_number", version, &[number.expose().as_bytes()])
    }

    /// The keyed form of a file's digest: a short file could be guessed from a plain one.
    pub fn file_digest(&self, digest: &[u8; 32]) -> Result<[u8; 32], StorageError> {
        let (_, key) = self.keyring.active_index_key("import_file");
        Ok(key.tag(&[digest]))
    }

    fn hash(&self, kind: IdentifierKind, version: u32, parts: &[&[u8]]) -> Result<IdentifierHash, StorageError> {
        let label = match kind {
            IdentifierKind::Number => "id_number",
            IdentifierKind::Legacy => "legacy_id_number",
            IdentifierKind::NameAndBirth => "name_and_birth",
            IdentifierKind::Guardian => "guardian",
        };
        tag(&self.keyring, label, version, parts)
    }
}

/// The age from which nobody is a ward by their parents (Law on Children 102/2016/QH13 art. 1).
const OF_AGE: i32 = 16;

/// The numbers of whoever may be a citizen's guardian, each once: their legal representative and, of
/// who was a child when the record was last known to be so, their parents.
pub fn guardians(citizen: &Citizen) -> Vec<&IdNumber> {
    let child = citizen.date_of_birth.latest().years_until(citizen.provenance.as_of) < OF_AGE;
    let parents = citizen.parents.iter().filter(|_| child);
    let mut numbers: Vec<&IdNumber> = Vec::new();
    for number in citizen.representative.iter().chain(parents).filter_map(|relative| relative.id_number.as_ref()) {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

/// The given date at its own precision and at each coarser one.
pub fn precisions(date: PartialDate) -> impl Iterator<Item = PartialDate> {
    [Precision::Day, Precision::Month, Precision::Year]
        .into_iter()
        .filter(move |precision| *precision <= date.precision())
        .map(move |precision| date.at(precision))
}

fn row(kind: IdentifierKind, version: u32, hash: IdentifierHash, id: CitizenId, active: bool) -> IdentifierRow {
    let holder = match kind {
        IdentifierKind::Number => 0,
        IdentifierKind::Legacy | IdentifierKind::NameAndBirth | IdentifierKind::Guardian => {
            let [.., a, b, c, d, e, f, g, h] = id.0;
            i64::from_be_bytes([a, b, c, d, e, f, g, h])
        }
    };
    IdentifierRow {
        kind: kind as i16,
        key_version: column(version),
        hash: hash.to_vec(),
        holder,
        citizen_id: id.0.to_vec(),
        active,
    }
}

/// Key versions count from 1 and stay far below the column's limit.
fn column(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}
