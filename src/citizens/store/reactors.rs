//! How far each reactor has come in the change log.

use diesel::prelude::*;

use crate::kernel::Instant;
use crate::storage::schema::{citizen_changes, reactor_cursors};
use crate::storage::{Db, StorageError};

/// The last change the reactor saw; 0 for a new one.
pub fn cursor(db: &mut Db, name: &'static str) -> Result<i64, StorageError> {
    let found = reactor_cursors::table.find(name).select(reactor_cursors::seq).get_result(db).optional()?;
    Ok(found.unwrap_or(0))
}

/// Moves the cursor from `from` to `to`; `false` if it is not at `from` any more, or another replica moves
/// it just now: that one is not waited for, since it may wait for what this transaction holds.
pub fn advance(db: &mut Db, name: &'static str, from: i64, to: i64) -> Result<bool, StorageError> {
    let cursor = reactor_cursors::table.find(name).select(reactor_cursors::seq);
    if from == 0 && cursor.get_result::<i64>(db).optional()?.is_none() {
        let row = (reactor_cursors::name.eq(name), reactor_cursors::seq.eq(to));
        return Ok(diesel::insert_into(reactor_cursors::table).values(row).execute(db)? == 1);
    }
    let held: Option<i64> = match db {
        Db::Pg(conn) => cursor.for_update().skip_locked().get_result(conn).optional()?,
        // The one writer's transaction keeps everybody else out.
        Db::Lite(conn) => cursor.get_result(conn).optional()?,
    };
    if held != Some(from) {
        return Ok(false);
    }
    diesel::update(reactor_cursors::table.find(name)).set(reactor_cursors::seq.eq(to)).execute(db)?;
    Ok(true)
}

/// Deletes up to `limit` of the oldest changes that came before `before` and that every reactor has seen; how
/// many there were. The last change stays: it tells how far the log has come.
pub fn sweep_changes(db: &mut Db, before: Instant, limit: i64) -> Result<usize, StorageError> {
    let seen: Option<i64> = reactor_cursors::table.select(diesel::dsl::min(reactor_cursors::seq)).get_result(db)?;
    let last: Option<i64> = citizen_changes::table.select(diesel::dsl::max(citizen_changes::seq)).get_result(db)?;
    let (Some(seen), Some(last)) = (seen, last) else { return Ok(0) };
    let oldest: Vec<(i64, i64)> = citizen_changes::table
        .filter(citizen_changes::seq.le(seen.min(last - 1)))
        .order(citizen_changes::seq)
        .limit(limit)
        .select((citizen_changes::seq, citizen_changes::changed_at))
        .load(db)?;
    let over: Vec<i64> =
        oldest.into_iter().take_while(|(_, at)| *at < before.as_micros()).map(|(seq, _)| seq).collect();
    Ok(diesel::delete(citizen_changes::table.filter(citizen_changes::seq.eq_any(over))).execute(db)?)
}
