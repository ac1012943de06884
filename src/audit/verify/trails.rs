//! Whether each entry is found by exactly its transaction and its persons.

use std::collections::HashSet;

use super::report::{Fault, LogReport};
use crate::audit::entry::{ExpiryNote, RecordedEntry};
use crate::audit::finder::{self, BUCKETS, Key, KeyKind, SEGMENT};
use crate::audit::sealing::Opened;
use crate::audit::store::{self, LogRow};
use crate::storage::{Db, StorageError};

/// What should be found in the segment being read.
#[derive(Default)]
pub(super) struct Trails {
    expected: HashSet<(u64, KeyKind, Key)>,
    /// Below this index nothing is looked for: it has expired.
    from: u64,
}

impl Trails {
    pub(super) fn expect(&mut self, index: u64, opened: &Opened) {
        let transaction = RecordedEntry::read(&opened.body).map(|entry| entry.transaction);
        let transaction = transaction.or_else(|| ExpiryNote::read(&opened.body).map(|note| note.transaction()));
        self.expected.extend(transaction.map(|transaction| (index, KeyKind::Transaction, transaction.0)));
        self.expected.extend(opened.subjects.iter().map(|subject| (index, KeyKind::Subject, *subject)));
    }

    pub(super) fn expired_below(&mut self, index: u64) {
        self.from = index;
    }

    /// Compares one segment, as far as it reaches below `end`.
    pub(super) fn settle(
        &mut self,
        db: &mut Db,
        row: &LogRow,
        segment: u64,
        end: u64,
        report: &mut LogReport,
    ) -> Result<(), StorageError> {
        let (first, mut found) = (segment * SEGMENT, HashSet::new());
        // Lists first: a segment that is sorted meanwhile is found in its blobs then, or in both.
        for (position, items) in store::lists_between(db, row.log, first..first + SEGMENT)? {
            let index = |offset| position.index() + u64::from(offset);
            found.extend(finder::items(&items).map(|item| (index(item.offset), item.kind, item.key)));
        }
        for (_, items) in store::blobs_of(db, row.log, segment as i32, 0..BUCKETS as i16)? {
            found.extend(finder::items(&items).map(|item| (first + u64::from(item.offset), item.kind, item.key)));
        }
        found.retain(|(index, ..)| (self.from..end).contains(index));
        let mut wrong: Vec<u64> = found.symmetric_difference(&self.expected).map(|(index, ..)| *index).collect();
        wrong.sort_unstable();
        wrong.dedup();
        wrong.into_iter().for_each(|index| report.fault(Fault::TrailChanged(index)));
        self.expected.clear();
        Ok(())
    }
}
