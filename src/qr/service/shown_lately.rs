//! What is known of the static credentials that were shown lately. Nothing about one changes but that it is
//! revoked; each list counts its revocations, and what was read before the count moved is read anew.

use std::collections::HashMap;
use std::sync::Weak;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

use super::public::LIST_TTL;
use super::{Inner, Qr};
use crate::kernel::Causes;
use crate::qr::credential::CwtClaims;
use crate::qr::store::credentials::{self, Issued};
use crate::storage::{Reach, StorageError};

/// Credentials remembered; by reckoning some 13 MB, of which ten are what moka adds to an entry.
const REMEMBERED: u64 = 32_768;
/// Counts that could not be read for so long are not relied on.
const TRUST: Duration = Duration::from_secs(3);
/// A revocation that nobody announced is found by looking.
const POLL: Duration = Duration::from_millis(250);
/// Commits come by the hundred a second, few of them with revocations: one look is for all of this time.
const GATHER: Duration = Duration::from_millis(25);

pub(super) struct ShownLately {
    /// By the credential's id, with its list's count before it was read. For no longer than a reader may
    /// use a copy of the list.
    held: moka::sync::Cache<[u8; 16], (Issued, i64)>,
    counts: ArcSwapOption<Counts>,
    /// One reading at a time: an earlier one must not undo what a later one found.
    reading: tokio::sync::Mutex<()>,
}

/// How many of each list were revoked, as of a moment.
struct Counts {
    by_list: HashMap<i32, i64>,
    asked: Instant,
}

impl Default for ShownLately {
    fn default() -> Self {
        let held = moka::sync::Cache::builder().max_capacity(REMEMBERED).time_to_live(LIST_TTL).build();
        Self { held, counts: ArcSwapOption::empty(), reading: tokio::sync::Mutex::default() }
    }
}

impl ShownLately {
    /// The count of a list; `None` where it is not known for certain.
    fn count(&self, list: i32) -> Option<i64> {
        let counts = self.counts.load();
        let counts = counts.as_ref().filter(|counts| counts.asked.elapsed() < TRUST)?;
        counts.by_list.get(&list).copied()
    }

    fn find(&self, id: &[u8; 16]) -> Option<Issued> {
        let (issued, count) = self.held.get(id)?;
        (self.count(issued.list?) == Some(count)).then_some(issued)
    }
}

impl Qr {
    /// What is known of the credential with these claims; `None` if it is not one of ours.
    pub(super) async fn issued(&self, claims: Option<&CwtClaims>) -> Result<Option<Issued>, StorageError> {
        let id = claims.and_then(|claims| claims.id.as_deref()).and_then(|id| <[u8; 16]>::try_from(id).ok());
        let Some(id) = id else { return Ok(None) };
        let lately = &self.0.shown_lately;
        if let Some(issued) = lately.find(&id) {
            return Ok(Some(issued));
        }
        // Which list's count it is shows only after the row was read: what matters is what was known before.
        let known = lately.counts.load_full();
        let found = self.0.store.read(Reach::Key, move |db| credentials::issued(db, id)).await?;
        if let Some(issued) = found
            && let Some(count) = issued.list.and_then(|list| known?.by_list.get(&list).copied())
        {
            lately.held.insert(id, (issued, count));
        }
        Ok(found)
    }
}

impl Inner {
    /// Learns how many were revoked by now.
    ///
    /// # Errors
    /// If that cannot be read: then nothing is relied on.
    pub(super) async fn follow_revocations(&self) -> Result<(), StorageError> {
        let _reading = self.shown_lately.reading.lock().await;
        let asked = Instant::now();
        let read = self.store.read(Reach::Key, credentials::revocations).await;
        let (counts, outcome) = match read {
            Ok(by_list) => (Some(Counts { by_list, asked }.into()), Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.shown_lately.counts.store(counts);
        outcome
    }
}

/// Follows the revocations of every process until the room is closed.
pub(super) async fn follow(room: Weak<Inner>) {
    let Some(mut ticks) = room.upgrade().map(|room| room.store.watch()) else { return };
    let mut failing = false;
    loop {
        let Some(here) = room.upgrade() else { return };
        match here.follow_revocations().await {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(error = %Causes(&error), "revocations cannot be followed; credentials are read anew each time");
            }
            Err(_) => {}
        }
        drop(here);
        // A watch that has ended leaves the poll.
        if tokio::time::timeout(POLL, ticks.changed()).await.is_ok_and(|tick| tick.is_err()) {
            tokio::time::sleep(POLL).await;
        }
        tokio::time::sleep(GATHER).await;
        ticks.mark_unchanged();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::CitizenId;

    fn remembering(list: Option<i32>) -> ShownLately {
        let lately = ShownLately::default();
        let (id, citizen) = ([1; 16], CitizenId([2; 16]));
        let issued =
            Issued { id, citizen, kind: credentials::CREDENTIAL, dynamic: false, list, spent: false, revoked: false };
        lately.held.insert(id, (issued, 5));
        lately
    }

    fn learns(lately: &ShownLately, list: i32, count: i64, ago: Duration) {
        let counts = Counts { by_list: [(list, count)].into(), asked: Instant::now() - ago };
        lately.counts.store(Some(counts.into()));
    }

    #[test]
    fn what_is_remembered_holds_until_its_list_counts_another_revocation() {
        let lately = remembering(Some(1));
        assert!(lately.find(&[1; 16]).is_none(), "nothing was counted yet");
        learns(&lately, 1, 5, Duration::ZERO);
        assert!(lately.find(&[1; 16]).is_some() && lately.find(&[3; 16]).is_none());
        learns(&lately, 1, 6, Duration::ZERO);
        assert!(lately.find(&[1; 16]).is_none());
        learns(&lately, 2, 5, Duration::ZERO);
        assert!(lately.find(&[1; 16]).is_none(), "another list was counted");
    }

    #[test]
    fn counts_that_are_old_and_credentials_without_a_list_are_not_relied_on() {
        let lately = remembering(Some(1));
        learns(&lately, 1, 5, TRUST);
        assert!(lately.find(&[1; 16]).is_none());
        lately.counts.store(None);
        assert!(lately.find(&[1; 16]).is_none());
        let lately = remembering(None);
        learns(&lately, 1, 5, Duration::ZERO);
        assert!(lately.find(&[1; 16]).is_none());
    }
}
