//! The audit's tables.

mod entries;
mod keys;
mod lists;
mod logs;
#[cfg(test)]
mod tests;
mod tiles;

pub(super) use entries::{
    EntryRow, entries_from, expire_entries, find_entries, first_expirable, first_written_since, insert_entries,
    written_at,
};
pub(super) use keys::{
    DataKeyRow, data_keys, data_keys_before, data_keys_under, expire_data_keys, insert_data_key, rewrap_data_key,
};
pub(super) use lists::{
    blobs_of, delete_lists, delete_segments, first_list, insert_list, lists_between, put_blobs, search,
};
pub(super) use logs::{
    LogRow, LogState, LogWriterKind, NewLog, advance, claim, close, find_log, insert_log, lock, logs, mark_expired,
    mark_sorted, put_checkpoint,
};
pub(super) use tiles::{insert_tiles, load_tail, tile, tile_row};

use super::tree::Hash;
use crate::storage::StorageError;

fn to_hash(bytes: &[u8], table: &'static str, column: &'static str, row: i64) -> Result<Hash, StorageError> {
    bytes.try_into().map_err(|_| StorageError::inconsistent_row(table, column, row))
}
