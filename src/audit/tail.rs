//! The growing edge of a log: its tree and the tiles that are not yet full; pure.

use super::tile::{TILE_WIDTH, leaf_hashes, root_over};
use super::tree::{Frontier, Hash, leaf_hash, perfect_nodes};

/// A tile that will not change any more. At level 0 the hashes are the commitments themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FullTile {
    pub level: u8,
    pub index: u64,
    pub root: Hash,
    pub hashes: Vec<Hash>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tail {
    tree: Frontier,
    /// The commitments of the open bundle, then for each level the roots of the full tiles below.
    levels: Vec<Vec<Hash>>,
}

/// How many hashes the open tile of `level` has in a tree of `size`.
fn open_width(size: u64, level: u32) -> u64 {
    size.checked_shr(8 * level).unwrap_or(0) % TILE_WIDTH
}

impl Tail {
    pub(super) fn tree(&self) -> &Frontier {
        &self.tree
    }

    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The levels whose open tile is not empty or lies below one that is not, with the indexes (in
    /// units of that level) of what the open tile holds.
    pub(super) fn open_tiles(size: u64) -> impl Iterator<Item = (u8, std::ops::Range<u64>)> {
        (0..8_u8)
            .map(move |level| (level, size.checked_shr(8 * u32::from(level)).unwrap_or(0)))
            .map(|(level, hashes)| (level, hashes - hashes % TILE_WIDTH..hashes))
    }

    /// The tail of a log of `size` whose open tiles hold these hashes; `None` if they do not fit.
    pub(super) fn restore(size: u64, mut levels: Vec<Vec<Hash>>) -> Option<Self> {
        let fits = |(level, hashes): (u32, &Vec<Hash>)| hashes.len() as u64 == open_width(size, level);
        if !(0..).zip(&levels).all(fits) || size.checked_shr(8 * levels.len() as u32).unwrap_or(0) != 0 {
            return None;
        }
        let commitments = levels.first().map(|hashes| leaf_hashes(hashes)).unwrap_or_default();
        let mut roots = Vec::new();
        for node in perfect_nodes(&(0..size)) {
            let (level, above) = (node.height / 8, node.height % 8);
            let hashes = if level == 0 { &commitments } else { levels.get(level as usize)? };
            let first = ((node.index << above) % TILE_WIDTH) as usize;
            roots.push(root_over(hashes.get(first..first + (1 << above))?)?);
        }
        while levels.last().is_some_and(Vec::is_empty) {
            levels.pop();
        }
        Some(Self { tree: Frontier::from_roots(size, roots)?, levels })
    }

    /// Adds a commitment; tiles that it fills go to `full`, lowest first.
    pub(super) fn push(&mut self, commitment: Hash, full: &mut Vec<FullTile>) {
        self.level(0).push(commitment);
        let (size, before) = (self.tree.size() + 1, full.len());
        self.tree.push(leaf_hash(&commitment), |height, hash| {
            if height % 8 == 0 {
                let level = (height / 8 - 1) as u8;
                full.push(FullTile { level, index: (size >> height) - 1, root: *hash, hashes: Vec::new() });
            }
        });
        for tile in &mut full[before..] {
            tile.hashes = std::mem::take(self.level(usize::from(tile.level)));
            self.level(usize::from(tile.level) + 1).push(tile.root);
        }
    }

    fn level(&mut self, level: usize) -> &mut Vec<Hash> {
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Vec::new);
        }
        &mut self.levels[level]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restored_tail_is_the_one_that_grew() {
        let (mut grown, mut full) = (Tail::default(), Vec::new());
        for leaf in 0..66_000_u64 {
            let mut commitment = [0; 32];
            commitment[..8].copy_from_slice(&leaf.to_be_bytes());
            grown.push(commitment, &mut full);
            let size = leaf + 1;
            if size % 9_973 < 3 || size % 256 < 2 || (65_530..65_540).contains(&size) {
                let levels = grown.levels.clone();
                let restored = Tail::restore(size, levels).unwrap();
                assert_eq!(restored.tree, grown.tree, "{size}");
            }
        }
        assert_eq!(full.len(), 257 + 1);
        assert!(full.iter().all(|tile| tile.hashes.len() == 256));
        assert_eq!(full[256].level, 1);
        let roots: Vec<_> = full[..256].iter().map(|tile| tile.root).collect();
        assert_eq!(full[256].hashes, roots);
        assert_eq!(full[256].root, root_over(&roots).unwrap());
        assert_eq!(Tail::restore(0, vec![]), Some(Tail::default()));
        assert_eq!(Tail::restore(2, vec![vec![[0; 32]]]), None);
        assert_eq!(Tail::restore(256, vec![vec![]]), None);
        let open: Vec<_> = Tail::open_tiles(70_000).take(4).collect();
        assert_eq!(open, [(0, 69_888..70_000), (1, 256..273), (2, 0..1), (3, 0..0)]);
    }
}
