//! Counters of quotas and failed anchors.

use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::citizens::guard::ledger::{Key, Kind};
use crate::kernel::Instant;
use crate::storage::schema::guard_counters;
use crate::storage::{Db, StorageError, per_arm};

/// A counter, or what is to be added to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    pub kind: Kind,
    pub key: Key,
    pub start: i64,
    pub used: i64,
}

#[derive(Insertable)]
#[diesel(table_name = guard_counters, treat_none_as_default_value = false)]
struct NewRow {
    kind: i16,
    key: Vec<u8>,
    window_start: i64,
    used: i64,
    touched_at: i64,
}

type Row = (i16, Vec<u8>, i64, i64);
const ROWS_PER_INSERT: usize = 500;

/// Adds to counters and gives what they then are. Each counter is named once; they are touched in
/// one order, so that two replicas do not wait for each other.
pub fn add(db: &mut Db, mut deltas: Vec<Counter>, now: Instant) -> Result<Vec<Counter>, StorageError> {
    deltas.sort_unstable();
    let mut totals = Vec::with_capacity(deltas.len());
    for batch in deltas.chunks(ROWS_PER_INSERT) {
        let rows: Vec<NewRow> = batch.iter().map(|delta| new_row(delta, now)).collect();
        let added: Vec<Row> = per_arm!(db, conn => diesel::insert_into(guard_counters::table)
            .values(&rows)
            .on_conflict((guard_counters::kind, guard_counters::key, guard_counters::window_start))
            .do_update()
            .set((
                guard_counters::used.eq(guard_counters::used + excluded(guard_counters::used)),
                guard_counters::touched_at.eq(excluded(guard_counters::touched_at)),
            ))
            .returning((
                guard_counters::kind,
                guard_counters::key,
                guard_counters::window_start,
                guard_counters::used,
            ))
            .get_results(conn))?;
        totals.extend(added.into_iter().filter_map(counter));
    }
    Ok(totals)
}

fn new_row(delta: &Counter, now: Instant) -> NewRow {
    NewRow {
        kind: delta.kind as i16,
        key: delta.key.to_vec(),
        window_start: delta.start,
        used: delta.used,
        touched_at: now.as_micros(),
    }
}

/// A kind that a newer program counts is none of ours.
fn counter((kind, key, start, used): Row) -> Option<Counter> {
    Some(Counter { kind: Kind::of_code(kind)?, key: key.try_into().ok()?, start, used })
}

/// Counters touched at `since` or later, at most `most`.
pub fn touched_since(db: &mut Db, since: Instant, most: i64) -> Result<Vec<Counter>, StorageError> {
    let rows: Vec<Row> = guard_counters::table
        .filter(guard_counters::touched_at.ge(since.as_micros()))
        .order(guard_counters::touched_at.desc())
        .limit(most)
        .select((guard_counters::kind, guard_counters::key, guard_counters::window_start, guard_counters::used))
        .load(db)?;
    Ok(rows.into_iter().filter_map(counter).collect())
}

/// One counter in the window that began at `start` and in the one at `previous`.
pub fn counter_of(db: &mut Db, kind: Kind, key: &Key, starts: [i64; 2]) -> Result<[i64; 2], StorageError> {
    let mut used = [0; 2];
    for (start, used) in starts.into_iter().zip(&mut used) {
        let found: Option<i64> = per_arm!(db, conn => guard_counters::table
            .find((kind as i16, key.as_slice(), start))
            .select(guard_counters::used)
            .get_result(conn)
            .optional())?;
        *used = found.unwrap_or(0);
    }
    Ok(used)
}

/// Deletes up to `limit` counters untouched since `before`; how many there were.
pub fn sweep(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let over: Vec<(i16, Vec<u8>, i64)> = guard_counters::table
        .filter(guard_counters::touched_at.lt(before.as_micros()))
        .order(guard_counters::touched_at)
        .limit(limit)
        .select((guard_counters::kind, guard_counters::key, guard_counters::window_start))
        .load(db)?;
    for (kind, key, start) in &over {
        diesel::delete(guard_counters::table.find((kind, key, start))).execute(db)?;
    }
    Ok(over.len())
}
