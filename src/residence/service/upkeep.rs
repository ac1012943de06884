//! What runs beside the answers: following rotations of the index key.

use super::Inner;
use crate::citizens::Upkeep;
use crate::crypto::Keyring;
use crate::storage::StorageError;

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
