//! What is over is deleted; what is sealed is counted by its key.

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::{eid_activations, eid_counters, eid_devices, eid_outbox, eid_transactions};
use crate::storage::{Db, StorageError};

/// Deletes up to `limit` rows of each table that ended before `before` (counters: whose window
/// began then); how many there were.
pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let before = before.as_micros();
    let over: Vec<Vec<u8>> = eid_transactions::table
        .filter(eid_transactions::expires_at.lt(before))
        .order(eid_transactions::expires_at)
        .limit(limit)
        .select(eid_transactions::transaction_id)
        .load(db)?;
    let over = eid_transactions::table.filter(eid_transactions::transaction_id.eq_any(over));
    let mut swept = diesel::delete(over).execute(db)?;
    let over: Vec<Vec<u8>> = eid_activations::table
        .filter(eid_activations::expires_at.lt(before))
        .order(eid_activations::expires_at)
        .limit(limit)
        .select(eid_activations::activation_id)
        .load(db)?;
    swept += diesel::delete(eid_activations::table.filter(eid_activations::activation_id.eq_any(over))).execute(db)?;
    let over: Vec<(i16, Vec<u8>, i64)> = eid_counters::table
        .filter(eid_counters::window_start.lt(before))
        .order(eid_counters::window_start)
        .limit(limit)
        .select((eid_counters::kind, eid_counters::key, eid_counters::window_start))
        .load(db)?;
    for (kind, key, start) in &over {
        swept += diesel::delete(eid_counters::table.find((kind, key, start))).execute(db)?;
    }
    Ok(swept)
}

/// Deletes codes that nobody may use any more.
pub fn sweep_outbox(db: &mut Db, now: Instant) -> Result<usize, StorageError> {
    Ok(diesel::delete(eid_outbox::table.filter(eid_outbox::expires_at.le(now.as_micros()))).execute(db)?)
}

/// How many rows rest under a version of the sealing key.
pub fn count_sealed_under(db: &mut Db, version: i32) -> Result<i64, StorageError> {
    let devices: i64 = eid_devices::table.filter(eid_devices::key_version.eq(version)).count().get_result(db)?;
    let codes: i64 = eid_outbox::table.filter(eid_outbox::key_version.eq(version)).count().get_result(db)?;
    let asked: i64 =
        eid_transactions::table.filter(eid_transactions::key_version.eq(version)).count().get_result(db)?;
    Ok(devices + codes + asked)
}
