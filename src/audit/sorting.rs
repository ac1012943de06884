//! Turns the lists of a whole segment into its sorted blobs (see [`super::finder`]), in slices that
//! let the answers pass in between.

use std::sync::Arc;

use super::finder::{self, SEGMENT};
use super::store::{self, LogRow};
use crate::storage::{Db, Reach, StorageError, Store};

const BLOBS_PER_SLICE: usize = 32;
const INDEXES_PER_SLICE: usize = 4096;

/// Sorts the next segment of a log, if it is complete; answers how far the log is sorted then.
pub(super) async fn sort_next(store: &Store, row: &LogRow) -> Result<Option<u64>, StorageError> {
    let (log, start) = (row.log, row.sorted_below);
    let end = start + SEGMENT;
    if row.size < end {
        return Ok(None);
    }
    let segment = (start / SEGMENT) as i32;
    let sorted = store.read(Reach::Scan, move |db| sorted_blobs(db, log, segment, start..end)).await?;
    let slices = sorted.len().div_ceil(BLOBS_PER_SLICE);
    let sorted = Arc::new(sorted);
    for slice in 0..slices {
        let sorted = sorted.clone();
        let put = move |db: &mut Db| {
            still_unsorted(db, log, start)?;
            let from = slice * BLOBS_PER_SLICE;
            let blobs = &sorted[from..sorted.len().min(from + BLOBS_PER_SLICE)];
            store::put_blobs(db, log, segment, blobs)
        };
        store.bulk(put).await?;
    }
    let mark = move |db: &mut Db| {
        still_unsorted(db, log, start)?;
        store::mark_sorted(db, log, end)
    };
    store.bulk(mark).await?;
    // From the segment before: an earlier run may have been stopped here.
    for from in (start.saturating_sub(SEGMENT)..end).step_by(INDEXES_PER_SLICE) {
        let slice = from..from + INDEXES_PER_SLICE as u64;
        store.bulk(move |db| store::delete_lists(db, log, slice.clone())).await?;
    }
    Ok(Some(end))
}

type Blobs = Vec<(i16, Vec<u8>)>;

fn sorted_blobs(db: &mut Db, log: i32, segment: i32, indexes: std::ops::Range<u64>) -> Result<Blobs, StorageError> {
    let lists = store::lists_between(db, log, indexes)?;
    let blobs = finder::blobs(segment as u64, lists.iter().map(|(first, items)| (*first, items.as_slice())));
    Ok((0..).zip(blobs).filter(|(_, items)| !items.is_empty()).collect())
}

/// Another process may have sorted the segment and deleted its lists; what was read of them then is
/// not whole and must not take the place of its blobs.
fn still_unsorted(db: &mut Db, log: i32, start: u64) -> Result<(), StorageError> {
    let sorted_below = store::logs(db)?.into_iter().find(|row| row.log == log).map(|row| row.sorted_below);
    if sorted_below == Some(start) {
        Ok(())
    } else {
        Err(StorageError::conflict("another process has sorted the segment"))
    }
}
