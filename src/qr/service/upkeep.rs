//! What runs beside the answers: following rotations of the index key.

use super::Inner;
use crate::citizens::Upkeep;
use crate::crypto::Keyring;
use crate::storage::StorageError;

/// Brought to another index key in one transaction.
const TAGS_AT_ONCE: i64 = 32;
impl Upkeep for Inner {
    const ROWS: &str = "credentials";

    fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    async fn renew_tags(&self) -> Result<usize, StorageError> {
        let revoker = self.revoker.clone();
        self.store.write(move |tx| revoker.renew_tags(tx, TAGS_AT_ONCE)).await
    }
}
