//! Finding entries by a random 16-byte key (a citizen's, a transaction's), pure part.
//!
//! Keys arrive in no order, so a B-tree over them would dirty a page of 4 KB for each entry on the
//! answer's path. Instead a commit group leaves its keys as one *list*; every [`SEGMENT`] entries
//! the lists are sorted into [`BUCKETS`] blobs by the keys' first byte. A search reads the lists
//! not yet sorted and one blob for each segment.

use super::position::Position;

/// How many entries make a segment.
pub(super) const SEGMENT: u64 = 65_536;
/// How many blobs a segment has.
pub(super) const BUCKETS: usize = 256;

/// What a key is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum KeyKind {
    Subject,
    Transaction,
}

pub(super) type Key = [u8; 16];

const KEY: usize = 16;
const ITEM: usize = KEY + 4;
const TRANSACTION: u32 = 1 << 31;

/// One key and where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Item {
    pub key: Key,
    pub kind: KeyKind,
    /// From the list's or the segment's first entry.
    pub offset: u32,
}

impl Item {
    fn bytes(self) -> [u8; ITEM] {
        let mark = if self.kind == KeyKind::Transaction { TRANSACTION } else { 0 };
        let mut bytes = [0; ITEM];
        bytes[..KEY].copy_from_slice(&self.key);
        bytes[KEY..].copy_from_slice(&(self.offset | mark).to_be_bytes());
        bytes
    }

    fn read(bytes: &[u8; ITEM]) -> Self {
        let mut key = [0; KEY];
        key.copy_from_slice(&bytes[..KEY]);
        let marked = u32::from_be_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]);
        let kind = if marked & TRANSACTION == 0 { KeyKind::Subject } else { KeyKind::Transaction };
        Self { key, kind, offset: marked & !TRANSACTION }
    }
}

/// Adds a key to a list or blob under construction.
pub(super) fn append(list: &mut Vec<u8>, item: Item) {
    list.extend_from_slice(&item.bytes());
}

/// Every item of a list or blob; what is no whole item is left out (verification notices).
pub(super) fn items(list: &[u8]) -> impl Iterator<Item = Item> {
    list.as_chunks::<ITEM>().0.iter().map(Item::read)
}

/// Where `key` leads in a list, which is in no order.
pub(super) fn search_list(list: &[u8], kind: KeyKind, key: Key) -> impl Iterator<Item = u32> {
    items(list).filter(move |item| item.kind == kind && item.key == key).map(|item| item.offset)
}

/// Where `key` leads in a sorted blob.
pub(super) fn search_blob(blob: &[u8], kind: KeyKind, key: Key) -> impl Iterator<Item = u32> {
    let sorted = blob.as_chunks::<ITEM>().0;
    let start = sorted.partition_point(|item| item[..KEY] < key[..]);
    let same = sorted[start..].iter().take_while(move |item| item[..KEY] == key[..]);
    same.map(Item::read).filter(move |item| item.kind == kind).map(|item| item.offset)
}

pub(super) fn bucket_of(key: &Key) -> usize {
    usize::from(key[0])
}

/// The blobs of a segment, one for each bucket, from its lists: each with its first position.
pub(super) fn blobs<'l>(segment: u64, lists: impl IntoIterator<Item = (Position, &'l [u8])>) -> Vec<Vec<u8>> {
    let first = segment * SEGMENT;
    let mut sorted: Vec<Item> = Vec::new();
    for (position, list) in lists {
        let indexed = items(list).map(|item| (position.index() + u64::from(item.offset), item));
        let ours = indexed.filter(|(index, _)| index / SEGMENT == segment);
        sorted.extend(ours.map(|(index, item)| Item { offset: (index - first) as u32, ..item }));
    }
    sorted.sort_unstable();
    let mut blobs = vec![Vec::new(); BUCKETS];
    sorted.into_iter().for_each(|item| append(&mut blobs[bucket_of(&item.key)], item));
    blobs
}

/// The blob without what leads to entries below `offset`.
pub(super) fn without_below(blob: &[u8], offset: u32) -> Vec<u8> {
    let mut kept = Vec::with_capacity(blob.len());
    items(blob).filter(|item| item.offset >= offset).for_each(|item| append(&mut kept, item));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: u8, kind: KeyKind, offset: u32) -> Item {
        Item { key: [key; 16], kind, offset }
    }

    #[test]
    fn lists_and_blobs_lead_to_the_same_entries() {
        let mut lists = Vec::new();
        for start in (0..SEGMENT + 40).step_by(40) {
            let mut list = Vec::new();
            for offset in 0..40 {
                append(&mut list, item((offset % 7) as u8, KeyKind::Subject, offset));
                append(&mut list, item(200, KeyKind::Transaction, offset));
            }
            lists.push((Position::new(3, start), list));
        }
        let blobs = blobs(0, lists.iter().map(|(p, l)| (*p, l.as_slice())));
        for key in 0..8_u8 {
            let expected: Vec<u64> = lists
                .iter()
                .flat_map(|(p, l)| search_list(l, KeyKind::Subject, [key; 16]).map(|o| p.index() + u64::from(o)))
                .filter(|index| *index < SEGMENT)
                .collect();
            let found: Vec<u64> =
                search_blob(&blobs[usize::from(key)], KeyKind::Subject, [key; 16]).map(u64::from).collect();
            assert_eq!(found, expected);
            assert_eq!(search_blob(&blobs[usize::from(key)], KeyKind::Transaction, [key; 16]).count(), 0);
        }
        assert_eq!(search_blob(&blobs[200], KeyKind::Transaction, [200; 16]).count() as u64, SEGMENT);
        assert_eq!(items(&without_below(&blobs[200], 60_000)).count() as u64, SEGMENT - 60_000);
    }

    #[test]
    fn positions_keep_log_and_index_apart() {
        let position = Position::new(5, 70_000);
        assert_eq!((position.log(), position.index()), (5, 70_000));
        assert_eq!(Position::from_column(position.column()), position);
        assert_eq!(Position::columns(5, 70_000..u64::MAX).start, position.column());
        assert_eq!(Position::columns(5, 0..u64::MAX).end, Position::new(6, 0).column());
    }
}
