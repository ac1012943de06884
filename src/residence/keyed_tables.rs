//! This room's table that stands under versions of the index key. Its rows are brought along by the room itself,
//! which compares them with the register on the way.

use std::sync::Arc;

use super::store::confirmations;
use crate::crypto::KeyUse;
use crate::kernel::Instant;
use crate::sealing::{KeyedTable, RowsUnder};
use crate::storage::{Db, StorageError};

pub fn keyed_tables() -> Vec<Arc<dyn KeyedTable>> {
    vec![Arc::new(Confirmations)]
}

/// Confirmations in force.
struct Confirmations;

impl KeyedTable for Confirmations {
    fn name(&self) -> &'static str {
        "residence_confirmations"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, now: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Index = key_use else { return Ok(RowsUnder::default()) };
        confirmations::tagged_under(db, version, now).map(RowsUnder::lasting)
    }
}
