//! Draws from a seeded stream: the same seed and stream give the same draws on every machine.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::kernel::CivilDate;

/// A stream of draws. Each household has its own, so that none depends on how much another drew.
pub struct Chance(ChaCha8Rng);

impl Chance {
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1).max(1) as u32) as i32
    }

    /// True `per_mille` times in a thousand.
    pub fn happens(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// A day from `first` to `last`, both included; `first` if `last` lies before it.
    pub fn day(&mut self, first: CivilDate, last: CivilDate) -> CivilDate {
        let (first_day, last_day) = (first.epoch_days(), last.epoch_days());
        CivilDate::from_epoch_days(self.between(first_day, last_day.max(first_day))).unwrap_or(first)
    }

    /// A day of `year`.
    pub fn day_of(&mut self, year: i32) -> CivilDate {
        let month = self.between(1, 12) as i8;
        let longest = match month {
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        CivilDate::new(year as i16, month, self.between(1, longest) as i8).unwrap_or(super::AS_OF)
    }
}

/// Things with weights, drawn by binary search.
pub struct Weighted<T> {
    items: Vec<T>,
    /// Running sums.
    sums: Vec<u32>,
}

impl<T: Copy> Weighted<T> {
    /// Weights of zero are never drawn; there must be one above.
    pub fn new(items: impl IntoIterator<Item = (T, u32)>) -> Self {
        let mut sum = 0;
        let (items, sums) = items
            .into_iter()
            .filter(|(_, weight)| *weight > 0)
            .map(|(item, weight)| {
                sum += weight;
                (item, sum)
            })
            .unzip();
        Self { items, sums }
    }

    pub fn draw(&self, chance: &mut Chance) -> T {
        let point = chance.below(self.sums.last().copied().unwrap_or(0));
        self.items[self.sums.partition_point(|sum| *sum <= point)]
    }
}
