//! What runs beside: codes are sent, what is sealed is sealed anew.

use std::sync::Weak;
use std::time::Duration;

use super::{Eid, Inner};
use crate::eid::sender::Message;
use crate::eid::store::outbox::{self, OutboxRow};
use crate::eid::store::{devices, sweep};
use crate::eid::vault::Drawer;
use crate::kernel::Causes;
use crate::storage::{Reach, StorageError, Store};

/// How often the outbox is looked at.
const POST_EVERY: Duration = Duration::from_millis(250);
const RESEAL_EVERY: Duration = Duration::from_secs(60);
const CODES_AT_ONCE: i64 = 32;
const ROWS: i64 = 200;
/// The first wait after a code could not be sent; doubled each time, while the code is valid.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// Sends codes until the last holder lets go.
pub(super) async fn post(inner: Weak<Inner>) {
    let mut failing = false;
    loop {
        tokio::time::sleep(POST_EVERY).await;
        let Some(alive) = inner.upgrade() else { return };
        match Eid(alive).post_due().await {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(error = %Causes(&error), "codes cannot be sent");
            }
            Err(_) => {}
        }
    }
}

/// Re-seals until the last holder lets go.
pub(super) async fn reseal(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(RESEAL_EVERY).await;
        let Some(alive) = inner.upgrade() else { return };
        let eid = Eid(alive);
        if let Err(error) = eid.reseal().await {
            tracing::warn!(error = %Causes(&error), "devices cannot be sealed anew");
        }
    }
}

impl Eid {
    /// Sends the codes that are due; each is taken up by one process.
    async fn post_due(&self) -> Result<(), StorageError> {
        let now = self.0.clock.now();
        let due = self.0.store.read(Reach::Key, move |db| outbox::due(db, now, CODES_AT_ONCE)).await?;
        for row in due {
            let waits = 2_u32.saturating_pow(u32::from(row.attempts.unsigned_abs()).min(8));
            let (taken, again_at) = (row.clone(), now.plus(FIRST_WAIT * waits));
            let ours = self.0.store.write(move |tx| outbox::take_up(tx.db()?, &taken, again_at)).await?;
            if ours {
                self.send(row).await?;
            }
        }
        Ok(())
    }

    async fn send(&self, row: OutboxRow) -> Result<(), StorageError> {
        let message: Message = self.0.vault.open(Drawer::Outbox, row.key_version, &row.activation_id, &row.sealed)?;
        let sender = self.0.sender.clone();
        let sent = tokio::task::spawn_blocking(move || sender.send(&message)).await;
        match sent {
            Ok(Ok(())) => {
                self.0.metrics.codes_sent.inc();
                self.0.store.write(move |tx| outbox::delete(tx.db()?, &row.activation_id)).await
            }
            Ok(Err(error)) => {
                self.0.metrics.codes_failed.inc();
                tracing::warn!(error = %Causes(&error), "a code was not sent, it is tried again");
                Ok(())
            }
            Err(_) => Err(StorageError::BrokenInvariant("sending a code was cut off")),
        }
    }

    /// Seals devices anew that are sealed under an older key.
    pub async fn reseal(&self) -> Result<(), StorageError> {
        let version = self.0.vault.version();
        loop {
            let rows = self.0.store.read(Reach::Scan, move |db| devices::sealed_otherwise(db, version, ROWS)).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut anew = Vec::with_capacity(rows.len());
            for mut row in rows {
                let secrets = self.secrets(&row)?;
                row.sealed = self.0.vault.seal(Drawer::Devices, version, &row.device_id, &secrets)?;
                row.key_version = version;
                anew.push(row);
            }
            let write = move |db: &mut crate::storage::Db| -> Result<(), StorageError> {
                anew.iter().try_for_each(|row| devices::reseal(db, row))
            };
            self.0.store.bulk(write).await?;
        }
    }
}

/// How many rows rest under a version of the sealing key; `keys retire` refuses while there are any.
/// What is hashed under an index key here lives for a day at most, and does not count.
pub async fn rows_under_version(store: &Store, version: u32) -> Result<u64, StorageError> {
    let count = store.read(Reach::Scan, move |db| sweep::count_sealed_under(db, version as i32)).await?;
    Ok(count.cast_unsigned())
}
