//! Hashes of any part of a stored tree, read from its tiles.

use std::collections::HashMap;
use std::ops::Range;

use super::store;
use super::tile::{TILE_WIDTH, Tile, TileKind, leaf_hashes, root_over};
use super::tree::{Hash, Node, empty_root, fold, perfect_nodes};
use crate::storage::{Db, StorageError};

/// The hashes of one log's tree at one size.
pub(super) struct TreeReader<'d> {
    db: &'d mut Db,
    log: i32,
    size: u64,
    tiles: HashMap<(u8, u64), Vec<Hash>>,
    /// Commitments by bundle.
    bundles: HashMap<u64, Vec<Hash>>,
}

impl<'d> TreeReader<'d> {
    /// `size` is at most the log's.
    pub(super) fn new(db: &'d mut Db, log: i32, size: u64) -> Self {
        Self { db, log, size, tiles: HashMap::new(), bundles: HashMap::new() }
    }

    /// The roots over these ranges of leaves, as paths of proofs ask for them.
    pub(super) fn roots(&mut self, ranges: &[Range<u64>]) -> Result<Vec<Hash>, StorageError> {
        ranges.iter().map(|range| self.root_of(range)).collect()
    }

    /// The commitment of the entry at `index`, which the tree covers.
    pub(super) fn commitment(&mut self, index: u64) -> Result<Hash, StorageError> {
        let (bundle, place) = (index / TILE_WIDTH, (index % TILE_WIDTH) as usize);
        if !self.bundles.contains_key(&bundle) {
            let width = Tile::width_in(TileKind::Entries, bundle, self.size);
            let commitments = store::tile(self.db, self.log, 0, bundle, width)?;
            self.bundles.insert(bundle, commitments);
        }
        let commitment = self.bundles.get(&bundle).and_then(|bundle| bundle.get(place)).copied();
        commitment.ok_or_else(|| self.lacks(0, bundle))
    }

    fn lacks(&self, level: u8, index: u64) -> StorageError {
        StorageError::inconsistent_row("audit_tiles", "hashes", format!("{}/{level}/{index}", self.log))
    }

    fn root_of(&mut self, range: &Range<u64>) -> Result<Hash, StorageError> {
        let nodes: Vec<Hash> =
            perfect_nodes(range).into_iter().map(|node| self.node(node)).collect::<Result<_, _>>()?;
        Ok(fold(&nodes).unwrap_or_else(empty_root))
    }

    fn node(&mut self, node: Node) -> Result<Hash, StorageError> {
        let (level, index, places) = Tile::of_node(node);
        if !self.tiles.contains_key(&(level, index)) {
            let width = Tile::width_in(TileKind::Hashes(level), index, self.size);
            let hashes = store::tile(self.db, self.log, level, index, width)?;
            let hashes = if level == 0 { leaf_hashes(&hashes) } else { hashes };
            self.tiles.insert((level, index), hashes);
        }
        let hashes = self.tiles.get(&(level, index)).and_then(|hashes| hashes.get(places));
        hashes.and_then(root_over).ok_or_else(|| self.lacks(level, index))
    }
}

/// The root that a log's tree had when it held `size` entries.
pub(super) fn root_at(db: &mut Db, log: i32, size: u64) -> Result<Hash, StorageError> {
    TreeReader::new(db, log, size).root_of(&(0..size))
}
