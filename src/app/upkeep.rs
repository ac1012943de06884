//! What runs beside the slices: reading the keys again, erasing what has ended, bringing rows to the active
//! keys.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Sweeper;
use crate::crypto::Keyring;
use crate::kernel::Causes;
use crate::sealing::Renewal;

/// A key is handed out for a minute before it is used; every process reads the folder more often.
const EVERY: Duration = Duration::from_secs(10);

/// A task that ends with its owner.
pub(super) struct Upkeep(JoinHandle<()>);

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) fn renew(renewal: Renewal) -> Upkeep {
    Upkeep(tokio::spawn(renewal.run()))
}

pub(super) fn sweep(sweeper: Arc<Sweeper>) -> Upkeep {
    Upkeep(tokio::spawn(sweeper.run()))
}

/// Reads the keys' folder again and again, so that a rotation by the command line is seen.
pub(super) fn reload_keys(keyring: Keyring) -> Upkeep {
    Upkeep(tokio::spawn(async move {
        loop {
            tokio::time::sleep(EVERY).await;
            let keyring = keyring.clone();
            match tokio::task::spawn_blocking(move || keyring.reload()).await {
                Ok(Ok(true)) => tracing::info!("the keys have changed"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    tracing::error!(error = %Causes(&error), "the keys cannot be read again, those in memory stay")
                }
                Err(_) => tracing::error!("reading the keys again was cut off"),
            }
        }
    }))
}
