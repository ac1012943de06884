//! This room's table that stands under versions of the sealing key: data keys, of which there are few. What they
//! seal is not touched by a rotation.

use std::sync::Arc;
use std::time::Duration;

use super::{sealing, store};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::{Entropy, Instant};
use crate::sealing::{KeyedTable, Renewed, RowsUnder};
use crate::storage::{Db, StorageError};

const KEYS_AT_ONCE: i64 = 64;

pub fn keyed_tables(keyring: &Keyring, entropy: &Arc<dyn Entropy>) -> Vec<Arc<dyn KeyedTable>> {
    vec![Arc::new(DataKeys { keyring: keyring.clone(), entropy: entropy.clone() })]
}

struct DataKeys {
    keyring: Keyring,
    entropy: Arc<dyn Entropy>,
}

impl KeyedTable for DataKeys {
    fn name(&self) -> &'static str {
        "audit_data_keys"
    }

    fn rows_under(&self, db: &mut Db, key_use: KeyUse, version: i32, _: Instant) -> Result<RowsUnder, StorageError> {
        let KeyUse::Seal = key_use else { return Ok(RowsUnder::default()) };
        store::data_keys_under(db, version).map(RowsUnder::lasting)
    }

    fn renew(&self, db: &mut Db, _: &[u8], _: Duration) -> Result<Renewed, StorageError> {
        let rows = store::data_keys_before(db, self.keyring.active(KeyUse::Seal).cast_signed(), KEYS_AT_ONCE)?;
        for row in &rows {
            store::rewrap_data_key(db, &sealing::rewrap(&self.keyring, &*self.entropy, row)?)?;
        }
        Ok(Renewed::some(rows.len()))
    }
}
