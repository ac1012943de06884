//! Deletes entries after their time: content, salt, and whatever leads to them from a person. The
//! commitments stay, and with them every proof.

use std::sync::Arc;

use super::entry::ExpiryNote;
use super::finder::{self, BUCKETS, SEGMENT};
use super::store::{self, LogRow};
use super::tile::TILE_WIDTH;
use crate::kernel::{Entropy, Instant, TransactionId};
use crate::storage::{Reach, Record, Slot, StorageError, Store};

const ENTRIES_PER_SLICE: u64 = 1000;
const BUCKETS_PER_SLICE: usize = 32;

/// Expires what a log wrote before `cutoff`; whether there was anything. The log that is being
/// written notes how far it went, so that a verifier knows the gap for what it is.
pub(super) async fn expire(
    store: &Store,
    row: &LogRow,
    cutoff: Instant,
    now: Instant,
    entropy: &Arc<dyn Entropy>,
) -> Result<bool, StorageError> {
    let (log, from, size) = (row.log, row.expired_below, row.size);
    let find = move |db: &mut _| store::first_written_since(db, log, from..size, cutoff.as_micros());
    let below = store.read(Reach::Scan, find).await?;
    if below > from {
        let note = ExpiryNote::new(TransactionId::random(&**entropy), now, &row.name, below);
        let mark = move |tx: &mut crate::storage::Tx<'_>| {
            if store::mark_expired(tx.db()?, log, below)? {
                let keys = vec![note.transaction().0];
                tx.append(Record { body: note.encode(), subjects: keys, slot: Slot::default() });
            }
            Ok::<_, StorageError>(())
        };
        store.write(mark).await?;
        tracing::info!(log = %row.name, below, "audit entries expired");
    }
    // Also what an earlier run was stopped in.
    let deleted = delete_below(store, log, size, below).await?;
    if below > from {
        store.bulk(move |db| store::expire_data_keys(db, log, below)).await?;
        rewrite_segment(store, log, below).await?;
    }
    Ok(deleted || below > from)
}

async fn delete_below(store: &Store, log: i32, size: u64, below: u64) -> Result<bool, StorageError> {
    let bundled_below = size - size % TILE_WIDTH;
    let mut deleted = false;
    loop {
        let first = move |db: &mut _| store::first_expirable(db, log, below, bundled_below);
        let Some(first) = store.read(Reach::Scan, first).await? else { break };
        let slice = first..below.min(first + ENTRIES_PER_SLICE);
        store.bulk(move |db| store::expire_entries(db, log, slice.clone(), bundled_below)).await?;
        deleted = true;
    }
    while let Some(first) = store.read(Reach::Scan, move |db| store::first_list(db, log, below)).await? {
        let slice = first..below.min(first + ENTRIES_PER_SLICE);
        store.bulk(move |db| store::delete_lists(db, log, slice.clone())).await?;
        deleted = true;
    }
    Ok(deleted)
}

/// Takes what has expired out of the finder's segments.
async fn rewrite_segment(store: &Store, log: i32, below: u64) -> Result<(), StorageError> {
    let segment = (below / SEGMENT) as i32;
    let kept_from = (below % SEGMENT) as u32;
    for from in (0..BUCKETS).step_by(BUCKETS_PER_SLICE) {
        let buckets = from as i16..(from + BUCKETS_PER_SLICE) as i16;
        let rewrite = move |db: &mut _| {
            store::delete_segments(db, log, segment, buckets.clone())?;
            let blobs: Vec<_> = store::blobs_of(db, log, segment, buckets.clone())?
                .into_iter()
                .map(|(bucket, items)| (bucket, finder::without_below(&items, kept_from)))
                .collect();
            store::put_blobs(db, log, segment, &blobs)
        };
        store.bulk(rewrite).await?;
    }
    Ok(())
}
