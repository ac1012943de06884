//! What runs beside the answers of rooms above whose rows bear tags under the index key: following
//! rotations of the key.

use std::sync::Weak;
use std::time::Duration;

use crate::crypto::{KeyUse, Keyring};
use crate::kernel::Causes;
use crate::storage::StorageError;

/// How often rows are looked at again under a key that is not new.
const RENEW_EVERY: Duration = Duration::from_secs(60);
/// How often a new index key is looked for. Another process may write under the old one for some
/// seconds more: what it wrote is found when the rows are looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A room that is kept up.
pub trait Upkeep: Send + Sync + 'static {
    /// What its rows are, for the log.
    const ROWS: &'static str;

    fn keyring(&self) -> &Keyring;

    /// Brings some rows to the active index key; how many it looked at.
    fn renew_tags(&self) -> impl Future<Output = Result<usize, StorageError>> + Send;
}

/// Renews until the room is closed.
pub async fn keep_up<R: Upkeep>(room: Weak<R>) {
    let (mut renewed, mut rest) = (0, RENEW_EVERY);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        rest = rest.saturating_sub(LOOK_EVERY);
        let Some(room) = room.upgrade() else { return };
        let active = room.keyring().active(KeyUse::Index);
        if active != renewed || rest.is_zero() {
            rest = RENEW_EVERY;
            match renew_all(&*room).await {
                Ok(()) => renewed = active,
                Err(error) => {
                    tracing::warn!(error = %Causes(&error), rows = R::ROWS, "rows cannot be brought to the active index key")
                }
            }
        }
    }
}

async fn renew_all(room: &impl Upkeep) -> Result<(), StorageError> {
    if room.keyring().versions(KeyUse::Index).len() < 2 {
        return Ok(());
    }
    while room.renew_tags().await? > 0 {}
    Ok(())
}
