//! How much each version of the sealing keys was used, over all processes and restarts.
//!
//! AES-GCM with random nonces is good for 2³² messages under a key (NIST SP 800-38D section 8.3); half of that is
//! the limit here, and a rotation is due at half of the limit. No process knows what the others sealed, so each adds a
//! range to a count in the database before it uses it, and another before that is used up: at most one write a second,
//! and none while little is sealed. A process that is killed leaves its range counted, so the count is never too low;
//! one that ends in order gives back what it did not use. Every key derived from a version counts for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Mutex;

use super::store;
use crate::crypto::{KeyUse, Keyring, SEALS_LIMIT, SEALS_WARNING};
use crate::kernel::Causes;
use crate::storage::{Reach, StorageError, Store};
use crate::telemetry::metrics::{Gauges, Metrics};

/// How often a process looks whether its ranges still suffice.
const EXCHANGE_EVERY: Duration = Duration::from_secs(1);
/// How often it reads what the others counted.
const READ_EVERY: u32 = 10;
/// The shortest range: what a process that seals little takes once in its life.
const LEAST_RANGE: u64 = 4096;

/// What was sealed under a version, as far as all processes told; never less than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct KeyUsage {
    pub version: u32,
    pub seals: u64,
}

impl KeyUsage {
    /// Whether the version should be exchanged for a new one.
    pub const fn is_rotation_due(&self) -> bool {
        self.seals >= SEALS_WARNING
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, prometheus_client::encoding::EncodeLabelSet)]
struct VersionLabel {
    version: u32,
}

/// What this process has of a version.
#[derive(Debug, Clone, Copy, Default)]
struct Range {
    /// Added to the count in the database.
    taken: u64,
    /// Sealed when it was looked at last.
    sealed: u64,
    /// The operator was told that a rotation is due.
    warned: bool,
}

/// Counts the seals of this process among those of all. Ends with its last holder.
#[derive(Clone)]
pub struct SealingKeyUses(Arc<Inner>);

struct Inner {
    store: Store,
    keyring: Keyring,
    gauge: Gauges<VersionLabel>,
    /// `None` after the end: nothing is counted any more.
    ranges: Mutex<Option<BTreeMap<u32, Range>>>,
}

impl SealingKeyUses {
    /// Takes the first range, so that nothing is sealed uncounted, and goes on beside the process's work.
    ///
    /// # Errors
    /// If the store cannot answer.
    pub async fn open(store: Store, keyring: Keyring, metrics: &Metrics) -> Result<Self, StorageError> {
        let gauge = metrics.gauges(
            "sealing_key_seals",
            "Messages that may have been sealed under a version of the sealing keys, over all processes",
        );
        let inner = Arc::new(Inner { store, keyring, gauge, ranges: Mutex::new(Some(BTreeMap::new())) });
        inner.exchange().await?;
        inner.read().await?;
        tokio::spawn(run(Arc::downgrade(&inner)));
        Ok(Self(inner))
    }

    /// Gives back what is left of this process's ranges. Nothing is to be sealed after it.
    ///
    /// # Errors
    /// If the store cannot answer; then the ranges stay counted.
    pub async fn close(&self) -> Result<(), StorageError> {
        let mut held = self.0.ranges.lock().await;
        let Some(ranges) = &*held else { return Ok(()) };
        let sealed: BTreeMap<u32, u64> = self.0.keyring.seal_counts().into_iter().collect();
        let left = |(version, range): (&u32, &Range)| {
            let unused = range.taken.saturating_sub(sealed.get(version).copied().unwrap_or_default());
            (*version, -signed(unused))
        };
        self.0.add(ranges.iter().map(left).filter(|(_, by)| *by != 0).collect()).await?;
        *held = None;
        Ok(())
    }
}

/// What all processes counted, by version.
///
/// # Errors
/// If the store cannot answer.
pub async fn usage(store: &Store) -> Result<Vec<KeyUsage>, StorageError> {
    store.read(Reach::Scan, store::all).await
}

impl Inner {
    /// Takes longer ranges where those there are would be used up before the next look.
    async fn exchange(&self) -> Result<(), StorageError> {
        let mut held = self.ranges.lock().await;
        let Some(ranges) = &mut *held else { return Ok(()) };
        let active = self.keyring.active(KeyUse::Seal);
        let mut taken = Vec::new();
        for (version, sealed) in self.keyring.seal_counts() {
            let range = ranges.entry(version).or_default();
            let since_last = sealed.saturating_sub(std::mem::replace(&mut range.sealed, sealed));
            let by = if version == active || sealed > 0 { extension(range.taken, sealed, since_last) } else { 0 };
            if by > 0 {
                taken.push((version, by));
            }
        }
        self.add(taken.iter().map(|(version, by)| (*version, signed(*by))).collect()).await?;
        for (version, by) in taken {
            ranges.entry(version).or_default().taken += by;
        }
        Ok(())
    }

    async fn add(&self, by: Vec<(u32, i64)>) -> Result<(), StorageError> {
        if by.is_empty() {
            return Ok(());
        }
        self.store.write(move |tx| by.iter().try_for_each(|(version, by)| store::add(tx.db()?, *version, *by))).await
    }

    /// Learns what the others counted, and tells the operator.
    async fn read(&self) -> Result<(), StorageError> {
        let all = usage(&self.store).await?;
        let (mut held, active) = (self.ranges.lock().await, self.keyring.active(KeyUse::Seal));
        let Some(ranges) = &mut *held else { return Ok(()) };
        for usage in all {
            let label = VersionLabel { version: usage.version };
            self.gauge.get_or_create(&label).set(signed(usage.seals));
            let range = ranges.entry(usage.version).or_default();
            if usage.is_rotation_due() && usage.version == active && !std::mem::replace(&mut range.warned, true) {
                tracing::warn!(
                    version = usage.version,
                    seals = usage.seals,
                    limit = SEALS_LIMIT,
                    "the sealing key was used much: rotate it (dancu keys rotate seal)"
                );
            }
        }
        Ok(())
    }
}

/// By how much a range is to be longer, of which `sealed` is used, `since_last` of it since the last look. At least
/// what two looks use is kept ready, and twice that is taken.
fn extension(taken: u64, sealed: u64, since_last: u64) -> u64 {
    let ahead = LEAST_RANGE.max(since_last.saturating_mul(4));
    let enough = sealed.saturating_add(ahead / 2);
    if taken >= enough { 0 } else { sealed.saturating_add(ahead) - taken }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

async fn run(inner: Weak<Inner>) {
    let (mut looks, mut failing) = (0_u32, false);
    loop {
        tokio::time::sleep(EXCHANGE_EVERY).await;
        let Some(inner) = inner.upgrade() else { return };
        looks = looks.wrapping_add(1);
        let exchanged = inner.exchange().await;
        let read = if looks.is_multiple_of(READ_EVERY) { inner.read().await } else { Ok(()) };
        match exchanged.and(read) {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(error = %Causes(&error), "the use of the sealing keys cannot be counted; it is tried again");
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_always_longer_than_what_the_next_look_will_find() {
        assert_eq!(extension(0, 0, 0), LEAST_RANGE);
        assert_eq!(extension(LEAST_RANGE, 1_000, 1_000), 0);
        assert_eq!(extension(LEAST_RANGE, 3_000, 100), 3_000);
        // Ten thousand a second, from one moment to the next, and for a while.
        let (mut taken, mut sealed, mut writes) = (0, 0, 0);
        for _ in 0..100 {
            let by = extension(taken, sealed, 10_000);
            (taken, writes) = (taken + by, writes + u32::from(by > 0));
            sealed += 10_000;
            assert!(taken >= sealed && taken - sealed <= 40_000);
        }
        assert!(writes <= 100);
        assert!(KeyUsage { version: 1, seals: SEALS_WARNING }.is_rotation_due());
        assert!(!KeyUsage { version: 1, seals: SEALS_WARNING - 1 }.is_rotation_due());
    }
}
