//! Failed anchors by keyed hash, in bounded memory.
//!
//! The database holds every counter; the ledger holds those of this window and the one before.
//! When it is full it says so ([`Ledger::is_complete`]) and absent keys are read from the database.

use std::collections::HashMap;

use super::window::{Count, Window};
use crate::kernel::Instant;

/// What a counter counts. The values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    CallsPerMinute = 1,
    CallsPerDay = 2,
    CallsPerHour = 3,
    FailuresPerHour = 4,
    FailuresPerDay = 5,
    /// Failed anchors of one client with one number.
    Number = 6,
    /// Failed anchors of one client with one name and birth date.
    Person = 7,
    /// Failed anchors of everybody with one number: all clients, and who begins activations.
    NumberAnywhere = 8,
}

impl Kind {
    pub fn of_code(code: i16) -> Option<Self> {
        Some(match code {
            1 => Self::CallsPerMinute,
            2 => Self::CallsPerDay,
            3 => Self::CallsPerHour,
            4 => Self::FailuresPerHour,
            5 => Self::FailuresPerDay,
            6 => Self::Number,
            7 => Self::Person,
            8 => Self::NumberAnywhere,
            _ => return None,
        })
    }

    pub fn window(self) -> Window {
        match self {
            Self::CallsPerMinute => Window::MINUTE,
            Self::CallsPerHour | Self::FailuresPerHour => Window::HOUR,
            Self::CallsPerDay | Self::FailuresPerDay | Self::Number | Self::Person | Self::NumberAnywhere => {
                Window::DAY
            }
        }
    }
}

/// A keyed hash, cut to 128 bits.
pub type Key = [u8; 16];

pub struct Ledger {
    counts: HashMap<(Kind, Key), Count>,
    capacity: usize,
    complete: bool,
}

impl Ledger {
    pub fn new(capacity: usize) -> Self {
        Self { counts: HashMap::new(), capacity, complete: true }
    }

    /// Whether an absent key certainly has no failures.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    pub fn set_complete(&mut self, complete: bool) {
        self.complete = complete && self.counts.len() < self.capacity;
    }

    pub fn knows(&self, kind: Kind, key: &Key) -> bool {
        self.complete || self.counts.contains_key(&(kind, *key))
    }

    pub fn count(&self, kind: Kind, key: &Key, now: Instant) -> Count {
        let mut count = self.counts.get(&(kind, *key)).copied().unwrap_or_default();
        count.turn(kind.window(), now);
        count
    }

    /// One more failure; counted here at once, so that no two questions at the same time both pass.
    pub fn add(&mut self, kind: Kind, key: &Key, now: Instant) {
        if let Some(count) = self.entry(kind, key, now) {
            count.current = count.current.saturating_add(1);
        }
    }

    /// Learns a counter of the database.
    pub fn learn(&mut self, kind: Kind, key: &Key, start: i64, total: u32, now: Instant) {
        let window = kind.window();
        if start < window.previous(window.start(now)) {
            return;
        }
        if let Some(count) = self.entry(kind, key, now) {
            count.learn(window, start, total);
        }
    }

    /// Forgets what no longer counts.
    pub fn sweep(&mut self, now: Instant) {
        self.counts.retain(|(kind, _), count| !count.is_over(kind.window(), now));
    }

    fn entry(&mut self, kind: Kind, key: &Key, now: Instant) -> Option<&mut Count> {
        if self.counts.len() >= self.capacity && !self.counts.contains_key(&(kind, *key)) {
            self.complete = false;
            return None;
        }
        let count = self.counts.entry((kind, *key)).or_default();
        count.turn(kind.window(), now);
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_seconds(1_800_000_000);

    #[test]
    fn counts_failures_and_learns_those_of_others() {
        let mut ledger = Ledger::new(10);
        ledger.add(Kind::Number, &[1; 16], NOW);
        ledger.learn(Kind::Number, &[1; 16], Window::DAY.start(NOW), 5, NOW);
        assert_eq!(ledger.count(Kind::Number, &[1; 16], NOW).current, 5);
        assert_eq!(ledger.count(Kind::Person, &[1; 16], NOW).current, 0);
    }

    #[test]
    fn a_full_ledger_says_that_it_does_not_know() {
        let mut ledger = Ledger::new(1);
        ledger.add(Kind::Number, &[1; 16], NOW);
        assert!(ledger.is_complete());
        ledger.add(Kind::Number, &[2; 16], NOW);
        assert!(ledger.knows(Kind::Number, &[1; 16]) && !ledger.knows(Kind::Number, &[2; 16]));
        ledger.sweep(NOW.plus(std::time::Duration::from_secs(3 * 86_400)));
        ledger.set_complete(true);
        assert!(ledger.is_complete());
    }
}
