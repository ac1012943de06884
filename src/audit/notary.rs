//! Signs the head of the log, outside of any answer's path: first into the state folder, then into
//! the database, where it is published.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Monotonic};

use super::AuditError;
use super::folder::StateFolder;
use super::shared::Shared;
use super::store;
use crate::crypto::{KeyUse, Keyring};
use crate::storage::Store;

/// How long the head may go unsigned before this replica is not ready.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Notary {
    store: Store,
    keyring: Keyring,
    folder: Arc<StateFolder>,
    shared: Arc<Shared>,
    /// One signature at a time: checkpoints are published in the order of their sizes.
    turn: tokio::sync::Mutex<()>,
    failing_since: Mutex<Option<Monotonic>>,
}

impl Notary {
    pub(super) fn new(store: Store, keyring: Keyring, folder: Arc<StateFolder>, shared: Arc<Shared>) -> Self {
        let (turn, failing_since) = (tokio::sync::Mutex::default(), Mutex::default());
        Self { store, keyring, folder, shared, turn, failing_since }
    }

    /// Publishes a checkpoint of the durable head, unless that was done.
    pub(super) async fn sign(&self) -> Result<(), AuditError> {
        let signed = self.sign_head().await;
        let mut failing_since = self.failing_since.lock().unwrap_or_else(PoisonError::into_inner);
        match &signed {
            Ok(()) => *failing_since = None,
            Err(_) => *failing_since = failing_since.or_else(|| Some(Monotonic::now())),
        }
        signed
    }

    /// Whether signing has not failed for long.
    pub(super) fn check(&self) -> Result<(), AuditError> {
        let failing_since = *self.failing_since.lock().unwrap_or_else(PoisonError::into_inner);
        match failing_since.map(|since| since.elapsed()).filter(|time| *time > PATIENCE) {
            Some(time) => Err(AuditError::Unsigned(time.as_secs())),
            None => Ok(()),
        }
    }

    async fn sign_head(&self) -> Result<(), AuditError> {
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
