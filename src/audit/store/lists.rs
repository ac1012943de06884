//! The tables that find entries by key: the groups' lists and the sorted segments.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::audit::finder::{self, Key, KeyKind, SEGMENT};
use crate::audit::position::Position;
use crate::storage::schema::{audit_finder, audit_lists};
use crate::storage::{Db, StorageError, per_arm};

pub(in crate::audit) fn insert_list(db: &mut Db, first: Position, items: &[u8]) -> Result<(), StorageError> {
    diesel::insert_into(audit_lists::table)
        .values((audit_lists::position.eq(first.column()), audit_lists::items.eq(items)))
        .execute(db)?;
    Ok(())
}

/// Where `key` leads, over all logs, in order.
pub(in crate::audit) fn search(db: &mut Db, kind: KeyKind, key: Key) -> Result<Vec<Position>, StorageError> {
    let mut found = BTreeSet::new();
    // Lists first: a segment that is sorted meanwhile is found in its blobs then, or in both.
    let lists = audit_lists::table.select((audit_lists::position, audit_lists::items));
    for list in lists.load_iter::<(i64, Vec<u8>), diesel::connection::DefaultLoadingMode>(db)? {
        let (position, items) = list?;
        let first = Position::from_column(position);
        let offsets = finder::search_list(&items, kind, key);
        found.extend(offsets.map(|offset| Position::new(first.log(), first.index() + u64::from(offset))));
    }
    let blobs: Vec<(i32, i32, Vec<u8>)> = audit_finder::table
        .filter(audit_finder::bucket.eq(finder::bucket_of(&key) as i16))
        .select((audit_finder::log, audit_finder::segment, audit_finder::items))
        .load(db)?;
    for (log, segment, items) in blobs {
        let segment =
            u64::try_from(segment).map_err(|_| StorageError::inconsistent_row("audit_finder", "segment", segment))?;
        let offsets = finder::search_blob(&items, kind, key);
        found.extend(offsets.map(|offset| Position::new(log, segment * SEGMENT + u64::from(offset))));
    }
    Ok(found.into_iter().collect())
}

/// The lists of the groups that begin within `indexes`, in order.
pub(in crate::audit) fn lists_between(
    db: &mut Db,
    log: i32,
    indexes: std::ops::Range<u64>,
) -> Result<Vec<(Position, Vec<u8>)>, StorageError> {
    let columns = Position::columns(log, indexes);
    let rows: Vec<(i64, Vec<u8>)> = audit_lists::table
        .filter(audit_lists::position.ge(columns.start))
        .filter(audit_lists::position.lt(columns.end))
        .order(audit_lists::position.asc())
        .select((audit_lists::position, audit_lists::items))
        .load(db)?;
    Ok(rows.into_iter().map(|(position, items)| (Position::from_column(position), items)).collect())
}

/// Stores blobs of a segment, in the place of those that an interrupted run left.
pub(in crate::audit) fn put_blobs(
    db: &mut Db,
    log: i32,
    segment: i32,
    blobs: &[(i16, Vec<u8>)],
) -> Result<(), StorageError> {
    for (bucket, items) in blobs {
        per_arm!(db, connection => diesel::insert_into(audit_finder::table)
            .values((
                audit_finder::log.eq(log),
                audit_finder::bucket.eq(bucket),
                audit_finder::segment.eq(segment),
                audit_finder::items.eq(items),
            ))
            .on_conflict((audit_finder::bucket, audit_finder::log, audit_finder::segment))
            .do_update()
            .set(audit_finder::items.eq(items))
            .execute(connection))?;
    }
    Ok(())
}

/// The blobs of a segment in these buckets.
pub(in crate::audit) fn blobs_of(
    db: &mut Db,
    log: i32,
    segment: i32,
    buckets: std::ops::Range<i16>,
) -> Result<Vec<(i16, Vec<u8>)>, StorageError> {
    let mut blobs = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        let items: Option<Vec<u8>> = audit_finder::table
            .filter(audit_finder::bucket.eq(bucket))
            .filter(audit_finder::log.eq(log))
            .filter(audit_finder::segment.eq(segment))
            .select(audit_finder::items)
            .get_result(db)
            .optional()?;
        blobs.extend(items.map(|items| (bucket, items)));
    }
    Ok(blobs)
}

/// Deletes the lists that begin within `indexes`.
pub(in crate::audit) fn delete_lists(
    db: &mut Db,
    log: i32,
    indexes: std::ops::Range<u64>,
) -> Result<usize, StorageError> {
    let columns = Position::columns(log, indexes);
    Ok(diesel::delete(audit_lists::table)
        .filter(audit_lists::position.ge(columns.start))
        .filter(audit_lists::position.lt(columns.end))
        .execute(db)?)
}

/// Where the first list of a log begins, if that is below `below`.
pub(in crate::audit) fn first_list(db: &mut Db, log: i32, below: u64) -> Result<Option<u64>, StorageError> {
    let columns = Position::columns(log, 0..below);
    let position: Option<i64> = audit_lists::table
        .filter(audit_lists::position.ge(columns.start))
        .filter(audit_lists::position.lt(columns.end))
        .select(diesel::dsl::min(audit_lists::position))
        .get_result(db)?;
    Ok(position.map(|position| Position::from_column(position).index()))
}

/// Deletes the blobs in these buckets of the segments that lie wholly below segment `below`.
pub(in crate::audit) fn delete_segments(
    db: &mut Db,
    log: i32,
    below: i32,
    buckets: std::ops::Range<i16>,
) -> Result<(), StorageError> {
    for bucket in buckets {
        diesel::delete(audit_finder::table)
            .filter(audit_finder::bucket.eq(bucket))
            .filter(audit_finder::log.eq(log))
            .filter(audit_finder::segment.lt(below))
            .execute(db)?;
    }
    Ok(())
}
