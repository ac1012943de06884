//! The population as a stream of households.

use crate::citizens::Citizen;

use super::chance::Chance;
use super::details::Details;
use super::household::Household;
use super::numbers::Numbers;
use super::places::Places;
use super::showcase::showcase;

/// Keys of so many households begin alike, so that rows written together lie together in the
/// database's trees. The other twelve bytes of a key stay random.
const HOUSEHOLDS_PER_PREFIX: u64 = 64;
/// Stream of the key prefixes; households use the streams from 0 on.
const PREFIX_STREAM: u64 = 1 << 63;

/// An invented country: the same for the same seed and count, one household at a time, the
/// showcase first. A longer one begins like a shorter one, but for its last household.
pub struct Population {
    seed: u64,
    places: Places,
    numbers: Numbers,
    /// People still to come.
    left: u64,
    given: u64,
    household: u64,
    key_prefix: [u8; 4],
    showcase: std::vec::IntoIter<Vec<Citizen>>,
}

impl Population {
    pub fn new(seed: u64, count: u64) -> Self {
        Self {
            seed,
            places: Places::new(),
            numbers: Numbers::new(seed),
            left: count,
            given: 0,
            household: 0,
            key_prefix: [0; 4],
            showcase: showcase(seed).into_iter().map(|shown| shown.citizens).collect::<Vec<_>>().into_iter(),
        }
    }

    fn draw(&mut self) -> Vec<Citizen> {
        if self.household.is_multiple_of(HOUSEHOLDS_PER_PREFIX) {
            let stream = PREFIX_STREAM + self.household / HOUSEHOLDS_PER_PREFIX;
            self.key_prefix = Chance::new(self.seed, stream).bytes();
        }
        let chance = Chance::new(self.seed, self.household);
        self.household += 1;
        let room = usize::try_from(self.left).unwrap_or(usize::MAX);
        let Household { home, mut chance, members, .. } =
            Household::draw(&self.places, &mut self.numbers, chance, room);
        let mut details = Details {
            places: &self.places,
            numbers: &mut self.numbers,
            key_prefix: self.key_prefix,
            first: self.given,
        };
        details.complete(&mut chance, home, &members)
    }
}

impl Iterator for Population {
    type Item = Vec<Citizen>;

    fn next(&mut self) -> Option<Vec<Citizen>> {
        if self.left == 0 {
            return None;
        }
        let mut citizens = match self.showcase.next() {
            Some(shown) => shown,
            None => self.draw(),
        };
        citizens.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= citizens.len() as u64;
        self.given += citizens.len() as u64;
        Some(citizens)
    }
}
