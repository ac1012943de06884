//! Devices.

use diesel::prelude::*;

use crate::crypto::{Algorithm, VerifyingKey};
use crate::kernel::{CitizenId, DeviceId, Instant};
use crate::sealing::Sealed;
use crate::storage::schema::eid_devices;
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = eid_devices, treat_none_as_default_value = false)]
pub struct DeviceRow {
    pub device_id: Vec<u8>,
    pub citizen_id: Vec<u8>,
    pub algorithm: i16,
    pub public_key: Vec<u8>,
    pub key_version: i32,
    pub sealed: Vec<u8>,
    pub row_version: i64,
    pub tries: i16,
    pub try_after: i64,
    pub locked_at: Option<i64>,
    pub added_at: i64,
    pub revoked_at: Option<i64>,
}

/// What a change writes back; the row must still be at the version it was read at.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = eid_devices, treat_none_as_null = true)]
struct Changed {
    key_version: i32,
    sealed: Vec<u8>,
    row_version: i64,
    tries: i16,
    try_after: i64,
    locked_at: Option<i64>,
}

pub const fn algorithm_number(algorithm: Algorithm) -> i16 {
    match algorithm {
        Algorithm::P256 => 1,
        Algorithm::Ed25519 => 2,
    }
}

/// The key of two columns.
pub fn key_of(algorithm: i16, public_key: &[u8]) -> Option<VerifyingKey> {
    let algorithm = [Algorithm::P256, Algorithm::Ed25519].into_iter().find(|a| algorithm_number(*a) == algorithm)?;
    VerifyingKey::new(algorithm, public_key).ok()
}

impl DeviceRow {
    pub fn id(&self) -> Result<DeviceId, StorageError> {
        DeviceId::from_slice(&self.device_id).ok_or(StorageError::inconsistent("eid_devices", "device_id"))
    }

    pub fn citizen(&self) -> Result<CitizenId, StorageError> {
        CitizenId::from_slice(&self.citizen_id).ok_or(StorageError::inconsistent("eid_devices", "citizen_id"))
    }

    pub fn key(&self) -> Result<VerifyingKey, StorageError> {
        key_of(self.algorithm, &self.public_key).ok_or(StorageError::inconsistent("eid_devices", "public_key"))
    }
}

pub fn find(db: &mut Db, id: DeviceId) -> Result<Option<DeviceRow>, StorageError> {
    let found = per_arm!(db, conn => eid_devices::table
        .find(id.as_bytes().as_slice())
        .select(DeviceRow::as_select())
        .get_result(conn)
        .optional())?;
    Ok(found)
}

/// The citizen's devices that are not revoked, oldest first.
pub fn of_citizen(db: &mut Db, citizen: CitizenId) -> Result<Vec<DeviceRow>, StorageError> {
    Ok(eid_devices::table
        .filter(eid_devices::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_devices::revoked_at.is_null())
        .order((eid_devices::added_at, eid_devices::device_id))
        .select(DeviceRow::as_select())
        .load(db)?)
}

pub fn insert(db: &mut Db, row: &DeviceRow) -> Result<(), StorageError> {
    diesel::insert_into(eid_devices::table).values(row).execute(db)?;
    Ok(())
}

/// Writes what changed of `row`, whose `row_version` is the one it was read at.
///
/// # Errors
/// `Conflict` if somebody else changed or revoked it meanwhile.
pub fn change(db: &mut Db, row: &DeviceRow) -> Result<(), StorageError> {
    let changed = Changed {
        key_version: row.key_version,
        sealed: row.sealed.clone(),
        row_version: row.row_version + 1,
        tries: row.tries,
        try_after: row.try_after,
        locked_at: row.locked_at,
    };
    let as_read = eid_devices::table
        .find(row.device_id.as_slice())
        .filter(eid_devices::row_version.eq(row.row_version))
        .filter(eid_devices::revoked_at.is_null());
    match diesel::update(as_read).set(&changed).execute(db)? {
        1 => Ok(()),
        _ => Err(StorageError::conflict("the device changed meanwhile")),
    }
}

/// Revokes one device of the citizen; whether it was theirs and in use.
pub fn revoke(db: &mut Db, citizen: CitizenId, id: DeviceId, now: Instant) -> Result<bool, StorageError> {
    let theirs = eid_devices::table
        .find(id.as_bytes().as_slice())
        .filter(eid_devices::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_devices::revoked_at.is_null());
    Ok(diesel::update(theirs).set(eid_devices::revoked_at.eq(now.as_micros())).execute(db)? == 1)
}

/// Revokes all devices of the citizen; how many there were.
pub fn revoke_all(db: &mut Db, citizen: CitizenId, now: Instant) -> Result<usize, StorageError> {
    let theirs = eid_devices::table
        .filter(eid_devices::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_devices::revoked_at.is_null());
    Ok(diesel::update(theirs).set(eid_devices::revoked_at.eq(now.as_micros())).execute(db)?)
}

/// Up to `limit` devices that are sealed under a version older than `version`.
pub fn sealed_before(db: &mut Db, version: i32, limit: i64) -> Result<Vec<DeviceRow>, StorageError> {
    Ok(eid_devices::table
        .filter(eid_devices::key_version.lt(version))
        .limit(limit)
        .select(DeviceRow::as_select())
        .load(db)?)
}

/// Replaces the sealed part, if the row is still as it was read.
pub fn replace_sealed(db: &mut Db, row: &DeviceRow, sealed: &Sealed) -> Result<(), StorageError> {
    diesel::update(eid_devices::table.find(row.device_id.as_slice()))
        .filter(eid_devices::row_version.eq(row.row_version))
        .set((eid_devices::key_version.eq(sealed.key_version), eid_devices::sealed.eq(&sealed.bytes)))
        .execute(db)?;
    Ok(())
}

pub fn sealed_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    Ok(eid_devices::table.filter(eid_devices::key_version.eq(version)).count().get_result(db)?)
}
