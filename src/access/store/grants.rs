//! What citizens approved, and tokens revoked before their time.

use diesel::prelude::*;

use crate::kernel::{CitizenId, ClientId, DeviceId, Instant, TransactionId};
use crate::storage::schema::{citizen_grants, revoked_tokens};
use crate::storage::{Db, StorageError, per_arm};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = citizen_grants, treat_none_as_default_value = false)]
pub struct GrantRow {
    pub grant_id: Vec<u8>,
    pub client_id: String,
    pub citizen_id: Vec<u8>,
    pub device_id: Vec<u8>,
    pub subject: String,
    pub level: i16,
    pub amr: String,
    pub scope: String,
    pub attributes: String,
    pub consent_id: Option<Vec<u8>>,
    pub details: String,
    pub approved_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    pub backchannel: bool,
}

pub fn insert(db: &mut Db, row: &GrantRow) -> Result<(), StorageError> {
    diesel::insert_into(citizen_grants::table).values(row).execute(db)?;
    Ok(())
}

pub fn find(db: &mut Db, id: TransactionId) -> Result<Option<GrantRow>, StorageError> {
    Ok(per_arm!(db, conn => citizen_grants::table
        .find(id.as_bytes().as_slice())
        .select(GrantRow::as_select())
        .get_result(conn)
        .optional())?)
}

/// Revokes one grant; whether it stood.
pub fn revoke(db: &mut Db, id: TransactionId, now: Instant) -> Result<bool, StorageError> {
    let standing = citizen_grants::table.find(id.as_bytes().as_slice()).filter(citizen_grants::revoked_at.is_null());
    Ok(diesel::update(standing).set(citizen_grants::revoked_at.eq(now.as_micros())).execute(db)? == 1)
}

/// Revokes every grant of a client about one subject: those that stood, each with its citizen.
pub fn revoke_all(
    db: &mut Db,
    client: &ClientId,
    subject: &str,
    now: Instant,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StorageError> {
    let standing = citizen_grants::table
        .filter(citizen_grants::client_id.eq(client.as_str()))
        .filter(citizen_grants::subject.eq(subject))
        .filter(citizen_grants::expires_at.gt(now.as_micros()))
        .filter(citizen_grants::revoked_at.is_null());
    Ok(diesel::update(standing)
        .set(citizen_grants::revoked_at.eq(now.as_micros()))
        .returning((citizen_grants::grant_id, citizen_grants::citizen_id))
        .get_results(db)?)
}

/// Revokes every grant of a citizen; how many.
pub fn revoke_of_citizen(db: &mut Db, citizen: CitizenId, now: Instant) -> Result<usize, StorageError> {
    let standing = citizen_grants::table
        .filter(citizen_grants::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(citizen_grants::revoked_at.is_null());
    Ok(diesel::update(standing).set(citizen_grants::revoked_at.eq(now.as_micros())).execute(db)?)
}

/// Revokes every grant that one device of a citizen approved; how many.
pub fn revoke_of_device(
    db: &mut Db,
    citizen: CitizenId,
    device: DeviceId,
    now: Instant,
) -> Result<usize, StorageError> {
    let standing = citizen_grants::table
        .filter(citizen_grants::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(citizen_grants::device_id.eq(device.as_bytes().as_slice()))
        .filter(citizen_grants::revoked_at.is_null());
    Ok(diesel::update(standing).set(citizen_grants::revoked_at.eq(now.as_micros())).execute(db)?)
}

/// Notes a revoked access token; again does no harm.
pub fn revoke_token(db: &mut Db, digest: &[u8; 32], expires_at: Instant) -> Result<(), StorageError> {
    let row = (revoked_tokens::digest.eq(&digest[..]), revoked_tokens::expires_at.eq(expires_at.as_micros()));
    per_arm!(db, conn => diesel::insert_into(revoked_tokens::table).values(row).on_conflict_do_nothing().execute(conn))?;
    Ok(())
}

/// Every revoked token that has not expired.
pub fn revoked(db: &mut Db, now: Instant) -> Result<Vec<Vec<u8>>, StorageError> {
    Ok(revoked_tokens::table
        .filter(revoked_tokens::expires_at.gt(now.as_micros()))
        .select(revoked_tokens::digest)
        .load(db)?)
}

pub fn sweep(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = citizen_grants::table
        .filter(citizen_grants::expires_at.lt(now.as_micros()))
        .order(citizen_grants::expires_at)
        .limit(limit)
        .select(citizen_grants::grant_id)
        .load(db)?;
    Ok(diesel::delete(citizen_grants::table.filter(citizen_grants::grant_id.eq_any(over))).execute(db)?)
}

pub fn sweep_tokens(db: &mut Db, now: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = revoked_tokens::table
        .filter(revoked_tokens::expires_at.lt(now.as_micros()))
        .order(revoked_tokens::expires_at)
        .limit(limit)
        .select(revoked_tokens::digest)
        .load(db)?;
    Ok(diesel::delete(revoked_tokens::table.filter(revoked_tokens::digest.eq_any(over))).execute(db)?)
}
