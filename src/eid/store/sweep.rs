//! What is over is deleted; what is sealed is counted by its key.

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::{eid_accounts, eid_activations, eid_counters, eid_devices, eid_outbox, eid_transactions};
use crate::storage::{Db, StorageError};

/// Deletes up to `limit` requests for approval that ended before `before`; how many there were.
pub fn transactions(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = eid_transactions::table
        .filter(eid_transactions::expires_at.lt(before.as_micros()))
        .order(eid_transactions::expires_at)
        .limit(limit)
        .select(eid_transactions::transaction_id)
        .load(db)?;
    Ok(diesel::delete(eid_transactions::table.filter(eid_transactions::transaction_id.eq_any(over))).execute(db)?)
}

/// The same of activations.
pub fn activations(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = eid_activations::table
        .filter(eid_activations::expires_at.lt(before.as_micros()))
        .order(eid_activations::expires_at)
        .limit(limit)
        .select(eid_activations::activation_id)
        .load(db)?;
    Ok(diesel::delete(eid_activations::table.filter(eid_activations::activation_id.eq_any(over))).execute(db)?)
}

/// The same of counters whose window began before `before`.
pub fn counters(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<(i16, Vec<u8>, i64)> = eid_counters::table
        .filter(eid_counters::window_start.lt(before.as_micros()))
        .order(eid_counters::window_start)
        .limit(limit)
        .select((eid_counters::kind, eid_counters::key, eid_counters::window_start))
        .load(db)?;
    for (kind, key, start) in &over {
        diesel::delete(eid_counters::table.find((kind, key, start))).execute(db)?;
    }
    Ok(over.len())
}

/// The same of codes that nobody may use any more.
pub fn outbox(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = eid_outbox::table
        .filter(eid_outbox::expires_at.le(before.as_micros()))
        .limit(limit)
        .select(eid_outbox::activation_id)
        .load(db)?;
    Ok(diesel::delete(eid_outbox::table.filter(eid_outbox::activation_id.eq_any(over))).execute(db)?)
}

/// The same of devices that were revoked.
pub fn devices(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<Vec<u8>> = eid_devices::table
        .filter(eid_devices::revoked_at.lt(before.as_micros()))
        .order(eid_devices::revoked_at)
        .limit(limit)
        .select(eid_devices::device_id)
        .load(db)?;
    Ok(diesel::delete(eid_devices::table.filter(eid_devices::device_id.eq_any(over))).execute(db)?)
}

/// The same of accounts that were closed and have no device left.
pub fn accounts(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let held = eid_devices::table.filter(eid_devices::citizen_id.eq(eid_accounts::citizen_id));
    let over: Vec<Vec<u8>> = eid_accounts::table
        .filter(eid_accounts::closed_at.lt(before.as_micros()))
        .filter(diesel::dsl::not(diesel::dsl::exists(held)))
        .order(eid_accounts::closed_at)
        .limit(limit)
        .select(eid_accounts::citizen_id)
        .load(db)?;
    Ok(diesel::delete(eid_accounts::table.filter(eid_accounts::citizen_id.eq_any(over))).execute(db)?)
}
