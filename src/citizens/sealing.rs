//! From a citizen to sealed bytes and keyed hashes, and back.
//!
//! A record is compact JSON, padded to 64 bytes, sealed with AES-256-GCM and bound to its table,
//! `citizen_id`, key version and row version: a row copied elsewhere, or an older version put
//! back, does not open. Identifiers are HMAC-SHA-256 under keys outside the database, one key per
//! kind, cut to 16 bytes.

use std::sync::Arc;

use crate::citizens::Citizen;
use crate::citizens::matching::index_form;
use crate::crypto::aead::{pad_to_64, unpad};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{CitizenId, Entropy, IdNumber, LegacyIdNumber, PartialDate, PersonName, Precision};
use crate::storage::StorageError;

use super::store::rows::{self, CitizenRow, IdentifierKind, IdentifierRow};

pub use super::store::rows::CitizenRow as SealedRow;

const TABLE: &str = "citizens";

/// The keyed hash of one identifier.
pub type IdentifierHash = [u8; 16];

/// Seals, opens and hashes with the installation's keys. Cheap to clone.
#[derive(Clone)]
pub struct Sealing {
    keyring: Keyring,
    entropy: Arc<dyn Entropy>,
}

impl Sealing {
    pub fn new(keyring: Keyring, entropy: Arc<dyn Entropy>) -> Self {
        Self { keyring, entropy }
    }

    /// The row of `citizen` at `row_version`, under the active sealing key.
    pub fn seal(&self, citizen: &Citizen, row_version: i64) -> Result<CitizenRow, StorageError> {
        let (version, key) = self.keyring.active_sealing_key(TABLE);
        let mut plain = Vec::with_capacity(2048);
        serde_json::to_writer(&mut plain, citizen)
            .map_err(|_| StorageError::BrokenInvariant("a citizen cannot be written as JSON"))?;
        pad_to_64(&mut plain);
        let id = citizen.citizen_id;
        let sealed = key.seal(&*self.entropy, &binding(id, version, row_version), &plain);
        Ok(CitizenRow { citizen_id: id.0.to_vec(), row_version, key_version: column(version), sealed })
    }

    /// The citizen a row holds.
    pub fn open(&self, row: &CitizenRow) -> Result<Citizen, StorageError> {
        let id = rows::citizen_id(TABLE, &row.citizen_id)?;
        let version = row.key_version as u32;
        let key = self.keyring.sealing_key(TABLE, version).ok_or(StorageError::seal_key_missing(version))?;
        let fault = || StorageError::inconsistent_row(TABLE, "sealed", id);
        let plain = key.open(&binding(id, version, row.row_version), &row.sealed).map_err(|_| fault())?;
        let citizen: Citizen = unpad(&plain).and_then(|json| serde_json::from_slice(json).ok()).ok_or_else(fault)?;
        if citizen.citizen_id == id { Ok(citizen) } else { Err(fault()) }
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
        let key = self.keyring.index_key("awaited_number", version).ok_or(StorageError::index_key_missing(version))?;
        let mut hash = IdentifierHash::default();
        hash.copy_from_slice(&key.tag(&[number.expose().as_bytes()])[..16]);
        Ok(hash)
    }

    /// Seals other content that names people, under the active key of `table`; with the key's version.
    pub fn seal_content(&self, table: &'static str, bound_to: &[u8], content: &[u8]) -> (i32, Vec<u8>) {
        let (version, key) = self.keyring.active_sealing_key(table);
        let mut plain = content.to_vec();
        pad_to_64(&mut plain);
        (column(version), key.seal(&*self.entropy, &content_binding(version, bound_to), &plain))
    }

    /// Opens what [`seal_content`](Self::seal_content) sealed.
    pub fn open_content(
        &self,
        table: &'static str,
        (version, sealed): (i32, &[u8]),
        bound_to: &[u8],
    ) -> Result<Vec<u8>, StorageError> {
        let version = version.cast_unsigned();
        let key = self.keyring.sealing_key(table, version).ok_or(StorageError::seal_key_missing(version))?;
        let fault = || StorageError::inconsistent(table, "sealed");
        let plain = key.open(&content_binding(version, bound_to), sealed).map_err(|_| fault())?;
        Ok(unpad(&plain).ok_or_else(fault)?.to_vec())
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
        let key = self.keyring.index_key(label, version).ok_or(StorageError::index_key_missing(version))?;
        let mut hash = IdentifierHash::default();
        hash.copy_from_slice(&key.tag(parts)[..16]);
        Ok(hash)
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

fn binding(id: CitizenId, key_version: u32, row_version: i64) -> [u8; 36] {
    let mut bound = [0; 36];
    bound[..8].copy_from_slice(TABLE.as_bytes());
    bound[8..24].copy_from_slice(id.as_bytes());
    bound[24..28].copy_from_slice(&key_version.to_be_bytes());
    bound[28..].copy_from_slice(&row_version.to_be_bytes());
    bound
}

fn content_binding(key_version: u32, bound_to: &[u8]) -> Vec<u8> {
    let mut bound = key_version.to_be_bytes().to_vec();
    bound.extend_from_slice(bound_to);
    bound
}

/// Key versions count from 1 and stay far below the column's limit.
fn column(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}
