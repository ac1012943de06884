//! Until when a stay must be reported.

use std::time::Duration;

use crate::kernel::Instant;

const MINUTE: i64 = 60 * 1_000_000;
const DAY: i64 = 24 * 60;
/// Viet Nam keeps UTC+7 all year.
const OFFSET: i64 = 7 * 60;
const ELEVEN_AT_NIGHT: i64 = 23 * 60;
const EIGHT_IN_THE_MORNING: i64 = 8 * 60;

/// Until when an arrival must be reported (Law on Residence 68/2020/QH14 article 30(4)): before 23:00
/// of the day of arrival, or before 08:00 of the next day for who arrives from 23:00 on, in Viet Nam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Instant);

impl Deadline {
    pub fn of(arrival: Instant) -> Self {
        let minutes = arrival.as_micros().div_euclid(MINUTE) + OFFSET;
        let (day, of_day) = (minutes.div_euclid(DAY), minutes.rem_euclid(DAY));
        let until = match of_day {
            ELEVEN_AT_NIGHT.. => (day + 1) * DAY + EIGHT_IN_THE_MORNING,
            _ => day * DAY + ELEVEN_AT_NIGHT,
        };
        Self(Instant::from_micros((until - OFFSET) * MINUTE))
    }

    pub const fn instant(self) -> Instant {
        self.0
    }

    /// Whether a notice that came at `received` came before it.
    pub fn is_kept_at(self, received: Instant) -> bool {
        received < self.0
    }
}

/// Whole minutes from `now` to `deadline`; zero once it is over.
pub fn minutes_left(deadline: Instant, now: Instant) -> u64 {
    const A_MINUTE: Duration = Duration::from_secs(60);
    deadline.since(now).as_secs() / A_MINUTE.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn the_borders_are_those_of_the_law() {
        for (arrival, deadline) in [
            ("2026-11-26T00:00:00+07:00", "2026-11-26T23:00:00+07:00"),
            ("2026-11-26T07:59:59+07:00", "2026-11-26T23:00:00+07:00"),
            ("2026-11-26T22:59:59.999+07:00", "2026-11-26T23:00:00+07:00"),
            ("2026-11-26T23:00:00+07:00", "2026-11-27T08:00:00+07:00"),
            ("2026-11-26T23:59:59+07:00", "2026-11-27T08:00:00+07:00"),
            ("2026-12-31T23:30:00+07:00", "2027-01-01T08:00:00+07:00"),
            // A day by which other zones shift their clocks.
            ("2026-03-29T22:59:00+07:00", "2026-03-29T23:00:00+07:00"),
            ("2026-10-25T23:00:00+07:00", "2026-10-26T08:00:00+07:00"),
        ] {
            assert_eq!(Deadline::of(at(arrival)).instant(), at(deadline), "{arrival}");
        }
    }

    #[test]
    fn before_means_before() {
        let deadline = Deadline::of(at("2026-11-26T14:00:00+07:00"));
        assert!(deadline.is_kept_at(at("2026-11-26T22:59:59.999999+07:00")));
        assert!(!deadline.is_kept_at(at("2026-11-26T23:00:00+07:00")));
        assert_eq!(minutes_left(deadline.instant(), at("2026-11-26T22:58:30+07:00")), 1);
        assert_eq!(minutes_left(deadline.instant(), at("2026-11-27T00:00:00+07:00")), 0);
    }
}
