//! This room's table that stands under versions of the sealing key.

use std::sync::Arc;
use std::time::Duration;

use super::service::proofs;
use super::store;
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{Entropy, Instant};
use crate::sealing::{KeyedTable, Renewed, RowsUnder, SealedTable};
use crate::storage::{Db, StorageError};

const PROOFS_AT_ONCE: i64 = 32;

pub fn keyed_tables(keyring: &Keyring, entropy: &Arc<dyn Entropy>) -> Vec<Arc<dyn KeyedTable>> {
    vec![Arc::new(Proofs(proofs(keyring, entropy)))]
}

struct Proofs(SealedTable<Vec<u8>>);

impl KeyedTable for Proofs {
    fn name(&self) -> &'static str {
        "consents"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        store::count_under(db, version).map(RowsUnder::lasting)
    }

    fn renew(&self, db: &mut Db, _: &[u8], _: Duration) -> Result<Renewed, StorageError> {
        let rows = store::under_older(db, self.0.active_version(), PROOFS_AT_ONCE)?;
        for row in &rows {
            store::replace_proof(db, &row.consent_id, &self.0.renew(&[&row.consent_id], row.key_version, &row.proof)?)?;
        }
        Ok(Renewed::some(rows.len()))
    }
}
