//! Where an entry stands, over all logs, as one number: the log's in the high bits, the index in
//! the low ones. It is the entries' primary key, so that each log grows at one place of the table.

use std::ops::Range;

/// A log holds 2^40 entries: at 10,000 a second it lasts three years and a half.
const INDEX_BITS: u32 = 40;
pub(super) const MAX_LOG_SIZE: u64 = 1 << INDEX_BITS;
/// What stays positive in a column of 64 signed bits.
pub(super) const MAX_LOG: i32 = (1 << (63 - INDEX_BITS)) - 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Position(i64);

impl Position {
    /// The log is at most [`MAX_LOG`], the index below [`MAX_LOG_SIZE`]: opening a log and growing
    /// it see to that.
    pub(super) fn new(log: i32, index: u64) -> Self {
        Self(i64::from(log) << INDEX_BITS | (index & (MAX_LOG_SIZE - 1)) as i64)
    }
    pub(super) fn from_column(column: i64) -> Self {
        Self(column)
    }
    pub(super) fn column(self) -> i64 {
        self.0
    }
    pub(super) fn as_column(&self) -> &i64 {
        &self.0
    }
    pub(super) fn log(self) -> i32 {
        (self.0 >> INDEX_BITS) as i32
    }
    pub(super) fn index(self) -> u64 {
        self.0 as u64 & (MAX_LOG_SIZE - 1)
    }
    /// The columns from the first index to before the last one; an end of a whole log fits too.
    pub(super) fn columns(log: i32, indexes: Range<u64>) -> Range<i64> {
        let base = i64::from(log) << INDEX_BITS;
        base + indexes.start.min(MAX_LOG_SIZE) as i64..base + indexes.end.min(MAX_LOG_SIZE) as i64
    }
}
