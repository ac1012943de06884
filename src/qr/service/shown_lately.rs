//! What is known of the static credentials that were shown lately: nothing about one changes but that it
//! is revoked, and that every replica hears by the change log.

use super::Qr;
use crate::qr::credential::CwtClaims;
use crate::qr::store::credentials::{self, Issued};
use crate::storage::{Reach, StorageError};

/// Credentials remembered: some ten megabytes.
const REMEMBERED: u64 = 32_768;

/// By the credential's id, with the stamp of its holder when it was looked up.
pub(super) struct ShownLately(moka::sync::Cache<[u8; 16], (Issued, u64)>);

impl Default for ShownLately {
    fn default() -> Self {
        Self(moka::sync::Cache::new(REMEMBERED))
    }
}

impl ShownLately {
    /// This process need not wait to hear what it did itself.
    pub(super) fn forget(&self, id: &[u8; 16]) {
        self.0.invalidate(id);
    }
}

impl Qr {
    /// What is known of the credential with these claims; `None` if it is not one of ours.
    pub(super) async fn issued(&self, claims: Option<&CwtClaims>) -> Result<Option<Issued>, StorageError> {
        let id = claims.and_then(|claims| claims.id.as_deref()).and_then(|id| <[u8; 16]>::try_from(id).ok());
        let Some(id) = id else { return Ok(None) };
        let citizens = &self.0.citizens;
        if let Some((issued, stamp)) = self.0.shown_lately.0.get(&id)
            && citizens.stamp(issued.citizen) == Some(stamp)
        {
            return Ok(Some(issued));
        }
        // The holder's stamp can be taken only after the row was read: it is good if nothing changed meanwhile.
        let before = citizens.changes();
        let found = self.0.store.read(Reach::Key, move |db| credentials::issued(db, id)).await?;
        if let Some(issued) = found.filter(|issued| !issued.dynamic)
            && let Some(stamp) = citizens.stamp(issued.citizen)
            && citizens.changes() == before
        {
            self.0.shown_lately.0.insert(id, (issued, stamp));
        }
        Ok(found)
    }
}
