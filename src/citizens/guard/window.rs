//! Counting over a sliding window from two fixed ones, and what may be counted.

use std::time::Duration;

use crate::kernel::Instant;

/// A length of time that counters are kept for. Windows begin at multiples of the length, shifted
/// so that a day is Viet Nam's civil day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window(i64);

const VIET_NAM_OFFSET_MICROS: i64 = 7 * 3600 * 1_000_000;

impl Window {
    pub const MINUTE: Self = Self::of(Duration::from_secs(60));
    pub const HOUR: Self = Self::of(Duration::from_secs(3600));
    pub const DAY: Self = Self::of(Duration::from_secs(86_400));

    pub const fn of(length: Duration) -> Self {
        let micros = length.as_micros() as i64;
        Self(if micros < 1 { 1 } else { micros })
    }

    /// When the window that holds `now` began.
    pub fn start(self, now: Instant) -> i64 {
        let shifted = now.as_micros().saturating_add(VIET_NAM_OFFSET_MICROS);
        now.as_micros() - shifted.rem_euclid(self.0)
    }

    pub fn previous(self, start: i64) -> i64 {
        start - self.0
    }

    /// Time until the window that holds `now` ends.
    pub fn remaining(self, now: Instant) -> Duration {
        Duration::from_micros((self.start(now) + self.0 - now.as_micros()).max(0) as u64)
    }

    pub fn seconds(self) -> i64 {
        self.0 / 1_000_000
    }
}

/// A count over this window and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    pub start: i64,
    pub current: u32,
    pub previous: u32,
}

impl Count {
    /// Moves on to the window that holds `now`.
    pub fn turn(&mut self, window: Window, now: Instant) {
        let start = window.start(now);
        if start <= self.start {
            return;
        }
        self.previous = if window.previous(start) == self.start { self.current } else { 0 };
        self.current = 0;
        self.start = start;
    }

    /// The higher of two counts of the same windows.
    pub fn max(self, other: Self) -> Self {
        Self {
            start: self.start,
            current: self.current.max(other.current),
            previous: self.previous.max(other.previous),
        }
    }

    /// Learns that the window that began at `start` counted at least `total`.
    pub fn learn(&mut self, window: Window, start: i64, total: u32) {
        if start == self.start {
            self.current = self.current.max(total);
        } else if start == window.previous(self.start) {
            self.previous = self.previous.max(total);
        }
    }

    /// The count over one length back from `now`, the older window taken to be spread evenly.
    pub fn sliding(&self, window: Window, now: Instant) -> u32 {
        let left = window.remaining(now).as_micros() as u64;
        let older = (u64::from(self.previous) * left).div_ceil(window.0 as u64);
        self.current.saturating_add(u32::try_from(older).unwrap_or(u32::MAX))
    }

    /// Whether nothing of it counts any longer.
    pub fn is_over(&self, window: Window, now: Instant) -> bool {
        let start = window.start(now);
        self.start < window.previous(start) || (self.start < start && self.current == 0)
    }

    /// How long until fewer than `limit` are counted, if nothing more is.
    pub fn until_below(&self, window: Window, limit: u32, now: Instant) -> Duration {
        let rest = window.remaining(now);
        // The share of a window after which an older count is less than `room`.
        let needed = |older: u32, room: u32| -> f64 {
            let most = f64::from(room.saturating_sub(1));
            if older == 0 { 0.0 } else { (1.0 - most / f64::from(older)).clamp(0.0, 1.0) }
        };
        let length = Duration::from_micros(window.0 as u64);
        let wait = if self.current >= limit {
            rest + length.mul_f64(needed(self.current, limit.saturating_sub(1)))
        } else {
            let passed = length.saturating_sub(rest);
            length.mul_f64(needed(self.previous, limit - 1 - self.current)).saturating_sub(passed)
        };
        wait.max(Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window::HOUR;

    fn at(minutes: i64) -> Instant {
        Instant::from_seconds(1_800_000_000 + minutes * 60)
    }

    fn counted(current: u32, previous: u32) -> Count {
        Count { start: WINDOW.start(at(0)), current, previous }
    }

    #[test]
    fn the_older_window_fades() {
        let count = counted(3, 10);
        assert_eq!(count.sliding(WINDOW, at(0)), 13);
        assert_eq!(count.sliding(WINDOW, at(30)), 8);
        assert_eq!(count.sliding(WINDOW, at(59)), 4);
    }

    #[test]
    fn turning_keeps_one_window_back_and_no_more() {
        let mut count = counted(7, 2);
        count.turn(WINDOW, at(61));
        assert_eq!((count.current, count.previous), (0, 7));
        count.turn(WINDOW, at(181));
        assert_eq!((count.current, count.previous), (0, 0));
        assert!(counted(7, 0).is_over(WINDOW, at(121)));
        assert!(!counted(7, 0).is_over(WINDOW, at(119)));
    }

    #[test]
    fn learning_never_forgets() {
        let mut count = counted(3, 1);
        let start = count.start;
        count.learn(WINDOW, start, 2);
        count.learn(WINDOW, WINDOW.previous(start), 9);
        count.learn(WINDOW, start - 7 * 3_600_000_000, 99);
        assert_eq!((count.current, count.previous), (3, 9));
    }

    #[test]
    fn the_wait_is_long_enough_and_not_twice_as_long() {
        for (current, previous, limit, minute) in [(10, 0, 10, 5), (25, 3, 10, 40), (2, 40, 10, 10), (0, 10, 10, 0)] {
            let mut count = counted(current, previous);
            let wait = count.until_below(WINDOW, limit, at(minute));
            let later = at(minute).plus(wait + Duration::from_secs(1));
            count.turn(WINDOW, later);
            assert!(count.sliding(WINDOW, later) < limit, "{current} {previous} {limit} {minute}: {wait:?}");
            assert!(wait <= Duration::from_secs(7200));
        }
    }

    #[test]
    fn a_day_is_viet_nams() {
        let evening = Instant::parse_rfc3339("2026-11-21T16:59:59Z").unwrap();
        assert_eq!(Window::DAY.remaining(evening), Duration::from_secs(1));
    }
}
