//! Whether a number stood in the file before.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

/// A Bloom filter of 32 MiB whatever the file's length: at ten million rows one in three thousand
/// is wrongly taken for a repetition, at a million one in ten million. It feeds the quality report
/// only; what is stored depends on the database.
pub struct Seen(Vec<AtomicU64>);

const WORDS: usize = 1 << 22;
const PROBES: u64 = 4;

impl Default for Seen {
    fn default() -> Self {
        Self(std::iter::repeat_with(AtomicU64::default).take(WORDS).collect())
    }
}

impl Seen {
    /// Notes a number; whether it was noted before.
    pub fn again(&self, number: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        number.hash(&mut hasher);
        let (first, step) = (hasher.finish(), hasher.finish().rotate_left(32) | 1);
        let mut all = true;
        for probe in 0..PROBES {
            let place = first.wrapping_add(probe.wrapping_mul(step));
            let bit = 1 << (place & 63);
            let word = &self.0[(place >> 6) as usize % WORDS];
            all &= word.fetch_or(bit, Ordering::Relaxed) & bit != 0;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hundred_thousand_numbers_are_told_apart() {
        let seen = super::Seen::default();
        let wrong = (0..100_000).filter(|n| seen.again(&format!("{n:012}"))).count();
        assert!(wrong < 3, "{wrong}");
        assert!((0..1_000).all(|n| seen.again(&format!("{n:012}"))));
    }
}
