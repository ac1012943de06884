//! This room's tables that stand under versions of the sealing key. Their rows live for minutes: what is answered or
//! spent is never opened again. What is hashed here under an index key does not live longer.

use std::sync::Arc;

use super::store::{codes, requests};
use crate::crypto::KeyUse;
use crate::kernel::Instant;
use crate::sealing::{KeyedTable, RowsUnder};
use crate::storage::{Db, StorageError};

pub fn keyed_tables() -> Vec<Arc<dyn KeyedTable>> {
    vec![Arc::new(Requests), Arc::new(Codes)]
}

struct Requests;

impl KeyedTable for Requests {
    fn name(&self) -> &'static str {
        "oidc_requests"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, now: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        requests::sealed_under(db, version, now).map(RowsUnder::expiring)
    }
}

struct Codes;

impl KeyedTable for Codes {
    fn name(&self) -> &'static str {
        "oidc_codes"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, now: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        codes::sealed_under(db, version, now).map(RowsUnder::expiring)
    }
}
