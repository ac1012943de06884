//! Enrolments that wait for their one-time code.

use diesel::prelude::*;

use crate::kernel::{CitizenId, Instant, TransactionId};
use crate::storage::schema::eid_activations;
use crate::storage::{Db, StorageError};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = eid_activations, treat_none_as_default_value = false)]
pub struct ActivationRow {
    pub activation_id: Vec<u8>,
    pub citizen_id: Option<Vec<u8>>,
    pub origin: i16,
    pub code_key: i32,
    pub code: Vec<u8>,
    pub algorithm: Option<i16>,
    pub public_key: Option<Vec<u8>>,
    pub tries: i16,
    pub created_at: i64,
    pub expires_at: i64,
    pub spent_at: Option<i64>,
}

pub fn insert(db: &mut Db, row: &ActivationRow) -> Result<(), StorageError> {
    diesel::insert_into(eid_activations::table).values(row).execute(db)?;
    Ok(())
}

/// Counts one try of a code, if there are tries left: the row as it stood.
pub fn count_try(
    db: &mut Db,
    id: TransactionId,
    most: i16,
    now: Instant,
) -> Result<Option<ActivationRow>, StorageError> {
    let open = eid_activations::table
        .find(id.as_bytes().as_slice())
        .filter(eid_activations::spent_at.is_null())
        .filter(eid_activations::expires_at.gt(now.as_micros()))
        .filter(eid_activations::tries.lt(most));
    if diesel::update(open).set(eid_activations::tries.eq(eid_activations::tries + 1)).execute(db)? == 0 {
        return Ok(None);
    }
    find(db, id)
}

/// An activation, over or not.
pub fn find(db: &mut Db, id: TransactionId) -> Result<Option<ActivationRow>, StorageError> {
    let found = eid_activations::table
        .find(id.as_bytes().as_slice())
        .select(ActivationRow::as_select())
        .get_result(db)
        .optional()?;
    Ok(found)
}

/// The newest activation of an origin that a citizen has not used.
pub fn newest_of(db: &mut Db, citizen: CitizenId, origin: i16) -> Result<Option<TransactionId>, StorageError> {
    let newest: Option<Vec<u8>> = eid_activations::table
        .filter(eid_activations::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_activations::origin.eq(origin))
        .filter(eid_activations::spent_at.is_null())
        .order(eid_activations::created_at.desc())
        .select(eid_activations::activation_id)
        .first(db)
        .optional()?;
    Ok(newest.as_deref().and_then(TransactionId::from_slice))
}

/// Spends an activation; `false` if it was spent before.
pub fn spend(db: &mut Db, id: &[u8], now: Instant) -> Result<bool, StorageError> {
    let unspent = eid_activations::table.find(id).filter(eid_activations::spent_at.is_null());
    Ok(diesel::update(unspent).set(eid_activations::spent_at.eq(now.as_micros())).execute(db)? == 1)
}

/// Spends every activation of a citizen: their devices are revoked, or the account closes.
pub fn spend_all(db: &mut Db, citizen: CitizenId, now: Instant) -> Result<(), StorageError> {
    let theirs = eid_activations::table
        .filter(eid_activations::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_activations::spent_at.is_null());
    diesel::update(theirs).set(eid_activations::spent_at.eq(now.as_micros())).execute(db)?;
    Ok(())
}

/// Spends what a citizen has not used of one origin: a newer one takes its place.
pub fn spend_of(db: &mut Db, citizen: CitizenId, origin: i16, now: Instant) -> Result<(), StorageError> {
    let theirs = eid_activations::table
        .filter(eid_activations::citizen_id.eq(citizen.as_bytes().as_slice()))
        .filter(eid_activations::origin.eq(origin))
        .filter(eid_activations::spent_at.is_null());
    diesel::update(theirs).set(eid_activations::spent_at.eq(now.as_micros())).execute(db)?;
    Ok(())
}
