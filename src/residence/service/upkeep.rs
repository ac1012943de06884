//! What runs beside the answers: following rotations of the index key.

use super::Inner;
use crate::citizens::{Upkeep, tagged_under};
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::Instant;
use crate::residence::store::confirmations;
use crate::storage::{StorageError, Store};

/// Brought to another index key in one transaction.
const TAGS_AT_ONCE: i64 = 16;
impl Upkeep for Inner {
    const ROWS: &str = "confirmations";

    fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    async fn renew_tags(&self) -> Result<usize, StorageError> {
        let voider = self.voider.clone();
        self.store.write(move |tx| voider.renew_tags(tx, TAGS_AT_ONCE)).await
    }
}

/// How many confirmations in force still need a key; `keys retire` refuses while there are any.
pub async fn rows_under_version(
    store: &Store,
    key_use: KeyUse,
    version: u32,
    now: Instant,
) -> Result<u64, StorageError> {
    tagged_under(store, (key_use, version), move |db, version| confirmations::tagged_under(db, version, now)).await
}
