//! How far each reactor has come in the change log.

use diesel::prelude::*;

use crate::storage::schema::reactor_cursors;
use crate::storage::{Db, StorageError};

/// The last change the reactor saw; 0 for a new one.
pub fn cursor(db: &mut Db, name: &'static str) -> Result<i64, StorageError> {
    let found = reactor_cursors::table.find(name).select(reactor_cursors::seq).get_result(db).optional()?;
    Ok(found.unwrap_or(0))
}

/// Moves the cursor from `from` to `to`; `false` if it is not at `from` any more.
pub fn advance(db: &mut Db, name: &'static str, from: i64, to: i64) -> Result<bool, StorageError> {
    if from == 0 {
        let row = (reactor_cursors::name.eq(name), reactor_cursors::seq.eq(to));
        let absent = reactor_cursors::table.find(name).select(reactor_cursors::seq).get_result::<i64>(db).optional()?;
        if absent.is_none() {
            return Ok(diesel::insert_into(reactor_cursors::table).values(row).execute(db)? == 1);
        }
    }
    let here = reactor_cursors::table.filter(reactor_cursors::name.eq(name)).filter(reactor_cursors::seq.eq(from));
    Ok(diesel::update(here).set(reactor_cursors::seq.eq(to)).execute(db)? == 1)
}
