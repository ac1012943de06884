//! What runs beside: codes are sent.

use std::sync::Weak;
use std::time::Duration;

use super::{Eid, Inner};
use crate::eid::store::outbox::{self, OutboxRow};
use crate::kernel::Causes;
use crate::storage::{Reach, StorageError};

/// How often the outbox is looked at.
const POST_EVERY: Duration = Duration::from_millis(250);
const CODES_AT_ONCE: i64 = 32;
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
        let message = self.0.codec.messages.open(&[&row.activation_id], row.key_version, &row.sealed)?;
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
}
