//! What is limited within a window of time.

use std::time::Duration;

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::eid_counters;
use crate::storage::{Db, StorageError, per_arm};

/// What is counted. Never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub enum Kind {
    /// Codes asked for with one number.
    ActivationsOfNumber = 1,
    /// Codes asked for in all.
    Activations = 2,
    /// Requests addressed to one number on sign-in pages.
    AddressesOfNumber = 3,
    /// Requests to one citizen that they did not scan.
    RequestsToCitizen = 4,
}

/// Adds one within the window `now` lies in; the total.
pub fn add(db: &mut Db, kind: Kind, key: &[u8], window: Duration, now: Instant) -> Result<i32, StorageError> {
    let length = i64::try_from(window.as_micros()).unwrap_or(i64::MAX).max(1);
    let start = now.as_micros().div_euclid(length) * length;
    let row = (
        eid_counters::kind.eq(kind as i16),
        eid_counters::key.eq(key),
        eid_counters::window_start.eq(start),
        eid_counters::used.eq(1),
    );
    Ok(per_arm!(db, conn => diesel::insert_into(eid_counters::table)
        .values(row)
        .on_conflict((eid_counters::kind, eid_counters::key, eid_counters::window_start))
        .do_update()
        .set(eid_counters::used.eq(eid_counters::used + 1))
        .returning(eid_counters::used)
        .get_result(conn))?)
}
