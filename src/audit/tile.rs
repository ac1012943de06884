//! The tree cut into tiles of 256 hashes, as c2sp.org/tlog-tiles serves it; pure.

use std::fmt;
use std::str::FromStr;

use super::tree::{Hash, Node, fold, leaf_hash, node_hash};

/// How many hashes a full tile has, and how many entries a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TileKind {
    /// Leaf data: here commitments, never personal data.
    Entries,
    /// Hashes of one level; level 0 has the leaves' own.
    Hashes(u8),
}

/// One tile or bundle by its place, `width` hashes wide (256 if full).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    pub kind: TileKind,
    pub index: u64,
    pub width: u16,
}

/// The path names no tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct TileFault;

impl Tile {
    /// How many hashes the tile has in a tree of `size`; 0 if there is none.
    pub fn width_in(kind: TileKind, index: u64, size: u64) -> u16 {
        let level = match kind {
            TileKind::Entries => 0,
            TileKind::Hashes(level) => u32::from(level),
        };
        let hashes = size.checked_shr(8 * level).unwrap_or(0);
        let before = index.saturating_mul(TILE_WIDTH);
        hashes.saturating_sub(before).min(TILE_WIDTH) as u16
    }

    /// The level-tiles that the hash of `node` is computed from: one tile and the places in it.
    pub fn of_node(node: Node) -> (u8, u64, std::ops::Range<usize>) {
        let (level, above) = (node.height / 8, node.height % 8);
        let first = node.index << above;
        let place = (first % TILE_WIDTH) as usize;
        (level as u8, first / TILE_WIDTH, place..place + (1 << above))
    }
}

/// The root over 2^n neighbouring hashes of one tile.
pub fn root_over(hashes: &[Hash]) -> Option<Hash> {
    let mut row = hashes.to_vec();
    if !row.len().is_power_of_two() {
        return fold(&[]);
    }
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    row.pop()
}

/// The bytes of a hash tile.
pub fn hash_tile(hashes: &[Hash]) -> Vec<u8> {
    hashes.concat()
}

/// The level-0 hashes of these commitments.
pub fn leaf_hashes(commitments: &[Hash]) -> Vec<Hash> {
    commitments.iter().map(|commitment| leaf_hash(commitment)).collect()
}

/// The bytes of an entry bundle: each commitment behind its length as a big-endian u16.
pub fn entry_bundle(commitments: &[Hash]) -> Vec<u8> {
    let mut bundle = Vec::with_capacity(commitments.len() * 34);
    for commitment in commitments {
        bundle.extend_from_slice(&32_u16.to_be_bytes());
        bundle.extend_from_slice(commitment);
    }
    bundle
}

/// Reads an entry bundle; `None` unless it is commitments through and through.
pub fn read_entry_bundle(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (entries, rest) = bytes.as_chunks::<34>();
    rest.is_empty().then_some(())?;
    entries.iter().map(|entry| entry.strip_prefix(&[0, 32])?.try_into().ok()).collect()
}

/// Reads a row of hashes; `None` unless the length is a multiple of 32.
pub fn read_hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| hashes.to_vec())
}

impl fmt::Display for Tile {
    /// The path below `tile/`, e.g. `0/x001/x234/067.p/8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => f.write_str("entries")?,
            TileKind::Hashes(level) => write!(f, "{level}")?,
        }
        let digits = self.index.to_string();
        let digits = format!("{digits:0>width$}", width = digits.len().next_multiple_of(3));
        for (place, group) in (1..).zip(digits.as_bytes().chunks_exact(3)) {
            let mark = if place * 3 < digits.len() { "x" } else { "" };
            write!(f, "/{mark}{}", String::from_utf8_lossy(group))?;
        }
        if u64::from(self.width) < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

impl FromStr for Tile {
    type Err = TileFault;

    fn from_str(path: &str) -> Result<Self, TileFault> {
        let (path, width) = match path.split_once(".p/") {
            Some((path, width)) => (path, plain_number(width, 1..=255).ok_or(TileFault)? as u16),
            None => (path, TILE_WIDTH as u16),
        };
        let (kind, index) = path.split_once('/').ok_or(TileFault)?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(plain_number(level, 0..=63).ok_or(TileFault)? as u8),
        };
        let tile = Self { kind, index: read_index(index).ok_or(TileFault)?, width };
        Ok(tile)
    }
}

/// A decimal number without leading zeros.
fn plain_number(text: &str, allowed: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten().filter(|n| allowed.contains(n))
}

fn read_index(text: &str) -> Option<u64> {
    let groups: Vec<&str> = text.split('/').collect();
    let (last, rest) = groups.split_last()?;
    let three = |group: &str| {
        (group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit())).then(|| group.parse::<u64>().ok()).flatten()
    };
    // 18 digits are more entries than any log will hold.
    if groups.len() > 6 || groups.len() > 1 && groups[0] == "x000" {
        return None;
    }
    let mut index = 0;
    for group in rest {
        index = index * 1000 + three(group.strip_prefix('x')?)?;
    }
    Some(index * 1000 + three(last)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        for (path, kind, index, width) in [
            ("0/x001/x234/067", TileKind::Hashes(0), 1_234_067, 256),
            ("entries/000.p/8", TileKind::Entries, 0, 8),
            ("63/999.p/255", TileKind::Hashes(63), 999, 255),
            ("1/x001/000", TileKind::Hashes(1), 1000, 256),
        ] {
            let tile = Tile { kind, index, width };
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse(), Ok(tile));
        }
        for bad in [
            "",
            "0",
            "0/",
            "0/67",
            "0/0067",
            "00/067",
            "64/067",
            "0/001/067",
            "0/x001/x067",
            "0/x000/067",
            "-1/000",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/000.p/",
            "data/000",
            "0/000/",
            "0/+01",
            "0/000.p/1/2",
        ] {
            assert_eq!(bad.parse::<Tile>(), Err(TileFault), "{bad}");
        }
    }

    #[test]
    fn a_tree_of_seventy_thousand_is_tiled_as_the_specification_says() {
        let width = |level, index| Tile::width_in(TileKind::Hashes(level), index, 70_000);
        assert_eq!((width(0, 272), width(0, 273), width(0, 274)), (256, 112, 0));
        assert_eq!((width(1, 0), width(1, 1)), (256, 17));
        assert_eq!((width(2, 0), width(3, 0)), (1, 0));
        assert_eq!(Tile::width_in(TileKind::Hashes(63), 0, u64::MAX), 0);
        assert_eq!(Tile::width_in(TileKind::Entries, u64::MAX, 70_000), 0);
    }

    #[test]
    fn bundles_round_trip() {
        let commitments = [[1; 32], [2; 32]];
        assert_eq!(read_entry_bundle(&entry_bundle(&commitments)).as_deref(), Some(commitments.as_slice()));
        assert_eq!(read_entry_bundle(&[0, 31]), None);
        assert_eq!(read_hashes(&hash_tile(&commitments)).as_deref(), Some(commitments.as_slice()));
    }
}
