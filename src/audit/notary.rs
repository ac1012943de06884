//! Signs the head of the log, outside of any answer's path: first into the state folder, then into
//! the database, where it is published.

use std::sync::Arc;

use super::AuditError;
use super::folder::StateFolder;
use super::shared::Shared;
use super::store;
use crate::crypto::{KeyUse, Keyring};
use crate::storage::Store;

pub(super) struct Notary {
    pub store: Store,
    pub keyring: Keyring,
    pub folder: Arc<StateFolder>,
    pub shared: Arc<Shared>,
    /// One signature at a time: checkpoints are published in the order of their sizes.
    pub turn: tokio::sync::Mutex<()>,
}

impl Notary {
    /// Publishes a checkpoint of the durable head, unless that was done.
    pub(super) async fn sign(&self) -> Result<(), AuditError> {
        let _turn = self.turn.lock().await;
        let head = self.shared.head();
        let (log, checkpoint) = (head.lease.log, head.checkpoint());
        if self.shared.signed().as_ref() == Some(&checkpoint) {
            return Ok(());
        }
        let (_, key) = self.keyring.signing_key(KeyUse::Audit);
        let note = checkpoint.sign(&key);
        let (folder, saved) = (self.folder.clone(), note.clone());
        let saving = tokio::task::spawn_blocking(move || folder.save_checkpoint(&saved));
        saving.await.map_err(|e| AuditError::State(e.to_string()))??;
        let size = checkpoint.size;
        self.store.write(move |tx| store::put_checkpoint(tx.db()?, log, size, &note)).await?;
        self.shared.set_signed(checkpoint);
        Ok(())
    }
}
