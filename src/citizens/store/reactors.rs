//! How far each reactor has come in the change log.

use diesel::prelude::*;

use crate::storage::schema::reactor_cursors;
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
