//! What runs beside the answers: sweeping what is over, following rotations of the index key.

use std::sync::Weak;
use std::time::Duration;

use super::Inner;
use crate::crypto::KeyUse;
use crate::kernel::Instant;
use crate::qr::store::credentials;
use crate::storage::{Reach, StorageError, Store};

/// How often what is over is swept, and how much of it in one transaction.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
const SWEEP_ROWS: i64 = 500;
/// How often a new index key is looked for. Another process may write under the old one for some
/// seconds more: what it wrote is found with the next sweep.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Credentials brought to another index key in one transaction.
const TAGS_AT_ONCE: i64 = 32;
/// Credentials are kept this long beyond their end, so that a late showing still names its holder
/// in the audit.
const KEPT_BEYOND: Duration = Duration::from_secs(24 * 3600);

/// Brings every credential to the active index key, some in a transaction.
async fn renew_tags(inner: &Inner) -> Result<(), StorageError> {
    if inner.keyring.versions(KeyUse::Index).len() < 2 {
        return Ok(());
    }
    loop {
        let revoker = inner.revoker.clone();
        if inner.store.write(move |tx| revoker.renew_tags(tx, TAGS_AT_ONCE)).await? == 0 {
            return Ok(());
        }
    }
}

/// How many credentials in force still need a key; `keys retire` refuses while there are any.
pub async fn rows_under_version(
    store: &Store,
    key_use: KeyUse,
    version: u32,
    now: Instant,
) -> Result<u64, StorageError> {
    let KeyUse::Index = key_use else { return Ok(0) };
    let version = i32::try_from(version).unwrap_or(i32::MAX);
    let rows = store.read(Reach::Scan, move |db| credentials::tagged_under(db, version, now)).await?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// Sweeps and renews until the room is closed.
pub(super) async fn run(inner: Weak<Inner>) {
    let (mut renewed, mut rest) = (0, SWEEP_EVERY);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        rest = rest.saturating_sub(LOOK_EVERY);
        let Some(inner) = inner.upgrade() else { return };
        let active = inner.keyring.active(KeyUse::Index);
        if active != renewed || rest.is_zero() {
            match renew_tags(&inner).await {
                Ok(()) => renewed = active,
                Err(error) => tracing::warn!(%error, "credentials cannot be brought to the active index key"),
            }
        }
        if rest.is_zero() {
            rest = SWEEP_EVERY;
            let before = inner.clock.now().minus(KEPT_BEYOND);
            if let Err(error) = inner.store.bulk(move |db| credentials::sweep(db, before, SWEEP_ROWS)).await {
                tracing::warn!(%error, "what is over of QR cannot be swept");
            }
        }
    }
}
