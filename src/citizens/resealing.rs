//! Brings every row to the active keys after a rotation, in the background, in short slices.

use std::sync::Arc;
use std::time::Duration;

use super::events;
use super::metrics::CitizensMetrics;
use super::sealing::Sealing;
use super::store::resealing::{self, Pass};
use super::store::rows::IdentifierKind;
use crate::crypto::{KeyUse, Keyring};
use crate::kernel::Causes;
use crate::storage::{Db, Reach, StorageError, Store};

/// A slice holds SQLite's write lock, so it is kept below 5 ms.
const SLICE: Duration = Duration::from_millis(3);
/// Between slices others may write.
const PAUSE: Duration = Duration::from_millis(5);
/// Rows of each table of events sealed anew in a slice.
const EVENTS_AT_ONCE: i64 = 32;
const LOOK: Duration = Duration::from_secs(1);
/// While old keys are kept, a replica that learned of a new one late may still have used them: look
/// through everything again, this many looks later.
const AGAIN: u32 = 600;

const KINDS: [IdentifierKind; 4] =
    [IdentifierKind::Number, IdentifierKind::Legacy, IdentifierKind::NameAndBirth, IdentifierKind::Guardian];

pub struct Resealing {
    store: Store,
    keyring: Keyring,
    sealing: Sealing,
    metrics: Arc<CitizensMetrics>,
}

impl Resealing {
    pub fn new(store: Store, keyring: Keyring, sealing: Sealing, metrics: Arc<CitizensMetrics>) -> Self {
        Self { store, keyring, sealing, metrics }
    }

    /// Watches the keys until it is dropped.
    pub async fn run(self) {
        let mut looks = 0u32;
        let mut failing = false;
        loop {
            looks = looks.wrapping_add(1);
            match self.look(looks.is_multiple_of(AGAIN)).await {
                Ok(()) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(error = %Causes(&error), "rows cannot be brought to the active keys");
                }
                Err(_) => {}
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Brings everything to the active keys, unless that was done already. A version newer than the
    /// active one was handed out, and may be active elsewhere already: its rows are left alone.
    pub async fn look(&self, again: bool) -> Result<(), StorageError> {
        let active = (self.keyring.active(KeyUse::Seal), self.keyring.active(KeyUse::Index));
        let old_keys = |key_use| self.keyring.versions(key_use).len() > 1;
        let again = again && (old_keys(KeyUse::Seal) || old_keys(KeyUse::Index));
        if !again && self.store.read(Reach::Key, resealing::progress).await? == Some(active) {
            return Ok(());
        }
        let done = self.bring_to(active.0, active.1).await?;
        self.store.write(move |tx| resealing::set_progress(tx.db()?, active.0, active.1)).await?;
        if done > 0 {
            tracing::info!(rows = done, seal_version = active.0, index_version = active.1, "rows use the active keys");
        }
        Ok(())
    }

    async fn bring_to(&self, seal: u32, index: u32) -> Result<u64, StorageError> {
        let mut done = 0;
        if self.keyring.versions(KeyUse::Seal).len() > 1 {
            done += self.pass(move |db, sealing, after| resealing::reseal(db, sealing, seal, after, SLICE)).await?;
            done += self.pass(move |db, sealing, _| reseal_events(db, sealing, seal)).await?;
        }
        for old in self.keyring.versions(KeyUse::Index).into_iter().filter(|version| *version < index) {
            for kind in KINDS {
                let which = (kind as i16, old);
                done +=
                    self.pass(move |db, sealing, after| resealing::rehash(db, sealing, which, after, SLICE)).await?;
            }
        }
        Ok(done)
    }

    /// Runs slices until one says that the pass is finished.
    async fn pass(
        &self,
        slice: impl Fn(&mut Db, &Sealing, &[u8]) -> Result<Pass, StorageError> + Copy + Send + 'static,
    ) -> Result<u64, StorageError> {
        let mut after = Vec::new();
        let mut done = 0;
        loop {
            let (sealing, from) = (self.sealing.clone(), after);
            let pass = self.store.bulk(move |db| slice(db, &sealing, &from)).await?;
            self.metrics.resealed.inc_by(pass.done);
            done += pass.done;
            if pass.finished {
                return Ok(done);
            }
            after = pass.after;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Life events, some in a slice, until none is left under an older key.
fn reseal_events(db: &mut Db, sealing: &Sealing, active: u32) -> Result<Pass, StorageError> {
    let done = events::reseal(db, sealing, i32::try_from(active).unwrap_or(i32::MAX), EVENTS_AT_ONCE)?;
    Ok(Pass { after: Vec::new(), done, finished: done == 0 })
}

/// How many rows of the citizen store still need a key; `keys retire` refuses while there are any.
pub async fn rows_under_version(store: &Store, key_use: KeyUse, version: u32) -> Result<u64, StorageError> {
    let rows = match key_use {
        KeyUse::Seal => store.read(Reach::Scan, move |db| resealing::sealed_under(db, version)).await?,
        KeyUse::Index => store.read(Reach::Scan, move |db| resealing::hashed_under(db, version)).await?,
        KeyUse::Token | KeyUse::Audit | KeyUse::Qr | KeyUse::Document => 0,
    };
    Ok(u64::try_from(rows).unwrap_or(0))
}
