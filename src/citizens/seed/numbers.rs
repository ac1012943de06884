//! Numbers that are consistent with their holders and never given twice.

use crate::kernel::{CivilDate, IdNumber, LegacyIdNumber, Sex};

/// Both steps share no factor with ten, so each walks through every suffix before it repeats one.
const STEP: u64 = 618_033;
const LEGACY_STEP: u64 = 6_180_339;

/// Hands out numbers. A counter for each prefix, century, sex and year is spread over the random
/// digits by a step and an offset: unique without remembering what was given, in 400 kB whatever
/// the population.
pub struct Numbers {
    seed: u64,
    given: Vec<u32>,
    legacy_given: Vec<u32>,
}

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self { seed, given: vec![0; 100 * 1000], legacy_given: vec![0; 100] }
    }

    /// A new number for somebody born on `birth` and registered under a province's `prefix`.
    pub fn issue(&mut self, prefix: u16, sex: Sex, birth: CivilDate) -> IdNumber {
        let prefix = usize::from(prefix % 100);
        let year = birth.year().clamp(1900, 2399) as usize;
        let century = (year - 1900) / 100 * 2 + usize::from(sex == Sex::Female);
        let cell = prefix * 1000 + century * 100 + year % 100;
        let suffix = self.spread(cell as u64, self.given[cell], STEP, 1_000_000);
        self.given[cell] += 1;
        let mut digits = [b'0'; 12];
        write_digits(&mut digits[1..3], prefix as u64);
        write_digits(&mut digits[3..4], century as u64);
        write_digits(&mut digits[4..6], (year % 100) as u64);
        write_digits(&mut digits[6..], suffix);
        parsed(&digits, IdNumber::parse)
    }

    /// A CMND number of a province; `again` gives the last one once more, as happened in life.
    pub fn issue_legacy(&mut self, prefix: u16, again: bool) -> LegacyIdNumber {
        let prefix = usize::from(prefix % 100);
        let given = &mut self.legacy_given[prefix];
        if !again || *given == 0 {
            *given += 1;
        }
        let count = *given;
        let suffix = self.spread(200_000 + prefix as u64, count, LEGACY_STEP, 10_000_000);
        let mut digits = [b'0'; 9];
        write_digits(&mut digits[..2], prefix as u64);
        write_digits(&mut digits[2..], suffix);
        parsed(&digits, LegacyIdNumber::parse)
    }

    fn spread(&self, cell: u64, count: u32, step: u64, size: u64) -> u64 {
        let offset = (self.seed ^ cell.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 24;
        (offset + u64::from(count) * step) % size
    }
}

fn write_digits(into: &mut [u8], mut number: u64) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn parsed<T, E: std::fmt::Debug>(digits: &[u8], parse: impl Fn(&str) -> Result<T, E>) -> T {
    let text = std::str::from_utf8(digits).unwrap_or_default();
    parse(text).expect("digits were written")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_agree_with_their_holder_and_never_repeat() {
        let mut numbers = Numbers::new(7);
        let birth = CivilDate::new(1999, 3, 15).unwrap();
        let mut seen = HashSet::new();
        for _ in 0..50_000 {
            let number = numbers.issue(1, Sex::Female, birth);
            assert!(number.expose().starts_with("001199"));
            assert!(seen.insert(number));
        }
        assert!(numbers.issue(79, Sex::Male, CivilDate::new(2010, 1, 1).unwrap()).expose().starts_with("079210"));
    }

    #[test]
    fn a_cmnd_repeats_only_when_asked() {
        let mut numbers = Numbers::new(7);
        let first = numbers.issue_legacy(1, false);
        assert_eq!(numbers.issue_legacy(1, true), first);
        assert_ne!(numbers.issue_legacy(1, false), first);
    }
}
