//! The table of complete tiles, and the reading of those that are not complete.

use diesel::prelude::*;

use super::to_hash;
use crate::audit::position::Position;
use crate::audit::tail::{FullTile, Tail};
use crate::audit::tile::{TILE_WIDTH, read_hashes};
use crate::audit::tree::Hash;
use crate::storage::schema::{audit_entries, audit_tiles};
use crate::storage::{Db, StorageError};

pub(in crate::audit) fn insert_tiles(db: &mut Db, log: i32, tiles: &[FullTile]) -> Result<(), StorageError> {
    for tile in tiles {
        diesel::insert_into(audit_tiles::table)
            .values((
                audit_tiles::log.eq(log),
                audit_tiles::level.eq(i16::from(tile.level)),
                audit_tiles::tile.eq(tile.index.cast_signed()),
                audit_tiles::root.eq(tile.root.as_slice()),
                audit_tiles::hashes.eq(tile.hashes.as_flattened()),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// The growing edge of a log of `size`, read back.
pub(in crate::audit) fn load_tail(db: &mut Db, log: i32, size: u64) -> Result<Tail, StorageError> {
    let mut levels = Vec::new();
    for (level, range) in Tail::open_tiles(size) {
        levels.push(if level == 0 { commitments(db, log, range)? } else { roots(db, log, level - 1, range)? });
    }
    Tail::restore(size, levels).ok_or_else(|| StorageError::inconsistent_row("audit_logs", "size", log))
}

fn commitments(db: &mut Db, log: i32, indexes: std::ops::Range<u64>) -> Result<Vec<Hash>, StorageError> {
    let columns = Position::columns(log, indexes);
    let rows: Vec<(i64, Vec<u8>)> = audit_entries::table
        .filter(audit_entries::position.ge(columns.start))
        .filter(audit_entries::position.lt(columns.end))
        .order(audit_entries::position.asc())
        .select((audit_entries::position, audit_entries::commitment))
        .load(db)?;
    rows.iter().map(|(position, bytes)| to_hash(bytes, "audit_entries", "commitment", *position)).collect()
}

fn roots(db: &mut Db, log: i32, level: u8, tiles: std::ops::Range<u64>) -> Result<Vec<Hash>, StorageError> {
    let rows: Vec<(i64, Vec<u8>)> = audit_tiles::table
        .filter(audit_tiles::log.eq(log))
        .filter(audit_tiles::level.eq(i16::from(level)))
        .filter(audit_tiles::tile.ge(tiles.start.cast_signed()))
        .filter(audit_tiles::tile.lt(tiles.end.cast_signed()))
        .order(audit_tiles::tile.asc())
        .select((audit_tiles::tile, audit_tiles::root))
        .load(db)?;
    rows.iter().map(|(tile, bytes)| to_hash(bytes, "audit_tiles", "root", *tile)).collect()
}

/// The first `width` hashes of a tile (at level 0: commitments); an `Inconsistent` row if there
/// are fewer.
pub(in crate::audit) fn tile(
    db: &mut Db,
    log: i32,
    level: u8,
    index: u64,
    width: u16,
) -> Result<Vec<Hash>, StorageError> {
    let stored: Option<Vec<u8>> = audit_tiles::table
        .filter(audit_tiles::log.eq(log))
        .filter(audit_tiles::level.eq(i16::from(level)))
        .filter(audit_tiles::tile.eq(index.cast_signed()))
        .select(audit_tiles::hashes)
        .get_result(db)
        .optional()?;
    let hashes = match stored {
        Some(bytes) => read_hashes(&bytes).unwrap_or_default().into_iter().take(usize::from(width)).collect(),
        None => {
            let range = index * TILE_WIDTH..index * TILE_WIDTH + u64::from(width);
            if level == 0 { commitments(db, log, range)? } else { roots(db, log, level - 1, range)? }
        }
    };
    if hashes.len() == usize::from(width) {
        Ok(hashes)
    } else {
        Err(StorageError::inconsistent_row("audit_tiles", "hashes", format!("{log}/{level}/{index}")))
    }
}

/// Root and hashes of a complete tile as they are stored; `None` if it is not there or no tile.
pub(in crate::audit) fn tile_row(
    db: &mut Db,
    log: i32,
    level: u8,
    index: u64,
) -> Result<Option<(Hash, Vec<Hash>)>, StorageError> {
    let stored: Option<(Vec<u8>, Vec<u8>)> = audit_tiles::table
        .filter(audit_tiles::log.eq(log))
        .filter(audit_tiles::level.eq(i16::from(level)))
        .filter(audit_tiles::tile.eq(index.cast_signed()))
        .select((audit_tiles::root, audit_tiles::hashes))
        .get_result(db)
        .optional()?;
    Ok(stored.and_then(|(root, hashes)| Some((root.as_slice().try_into().ok()?, read_hashes(&hashes)?))))
}
