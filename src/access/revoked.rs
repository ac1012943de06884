//! Tokens revoked before their time, held in memory: read before anything is served, then each second.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant as Tick;

use super::service::Access;
use super::store::grants;
use crate::crypto::digest::sha256;
use crate::storage::{Reach, StorageError};

/// A set that could not be read for so long is no longer trusted.
const TRUST: Duration = Duration::from_secs(5);

/// The revoked tokens as the database had them a moment ago.
pub(super) struct Revoked {
    /// SHA-256 of their ids.
    held: ArcSwap<HashSet<Vec<u8>>>,
    opened: Tick,
    /// When the last reading that succeeded began, in ms since `opened`.
    read_ms: AtomicU64,
    /// One reading at a time: an earlier one must not undo what a later one found.
    reading: tokio::sync::Mutex<()>,
}

impl Revoked {
    /// Nothing is known yet: [`Access::refresh_revoked`] comes before the first question.
    pub(super) fn unread() -> Self {
        Self {
            held: ArcSwap::default(),
            opened: Tick::now(),
            read_ms: AtomicU64::new(0),
            reading: tokio::sync::Mutex::default(),
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn is_current(&self) -> bool {
        let read = Duration::from_millis(self.read_ms.load(Ordering::Relaxed));
        self.opened.elapsed().saturating_sub(read) < TRUST
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        let held = self.held.load();
        !held.is_empty() && held.contains(sha256(&[id.as_bytes()]).as_slice())
    }
}

impl Access {
    /// Whether the revoked tokens were read in the last seconds. Where they were not, no token is
    /// taken: it may be revoked.
    pub fn is_current(&self) -> bool {
        self.revoked.is_current()
    }

    /// Reads again which tokens were revoked, by whatever process.
    pub(super) async fn refresh_revoked(&self) -> Result<(), StorageError> {
        let _reading = self.revoked.reading.lock().await;
        let (now, begun) = (self.clock.now(), self.revoked.now_ms());
        let revoked = self.store.read(Reach::Scan, move |db| grants::revoked(db, now)).await?;
        let revoked: HashSet<Vec<u8>> = revoked.into_iter().collect();
        if **self.revoked.held.load() != revoked {
            self.revoked.held.store(revoked.into());
        }
        self.revoked.read_ms.store(begun, Ordering::Relaxed);
        Ok(())
    }
}
