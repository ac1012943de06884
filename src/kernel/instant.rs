//! Points in time.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::date::CivilDate;

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(i64);

/// Viet Nam keeps UTC+7 all year (Asia/Ho_Chi_Minh, no daylight saving since 1975).
const VIET_NAM_OFFSET_SECONDS: i64 = 7 * 3600;

impl Instant {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, as JWT and CWT claims count them (RFC 7519 section 2).
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Time since `earlier`; zero if `earlier` lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The civil date in Viet Nam (Asia/Ho_Chi_Minh).
    pub fn date_in_viet_nam(self) -> CivilDate {
        let shifted = jiff::Timestamp::from_microsecond(self.0 + VIET_NAM_OFFSET_SECONDS * 1_000_000)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        CivilDate::from_jiff(shifted.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// Hour and minute of the day in Viet Nam, which has kept UTC+7 since 1975.
    pub const fn hour_and_minute_in_viet_nam(self) -> (i64, i64) {
        let minutes = (self.as_seconds() / 60 + 7 * 60).rem_euclid(24 * 60);
        (minutes / 60, minutes % 60)
    }

    /// Reads RFC 3339 with any offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }
}

/// The last instant that the library of dates knows, in the year 9999 wherever one is on Earth.
const LAST: i64 = 253_402_207_200 * 1_000_000;

/// Year, month and day of a day since 1970-01-01, not before it: of years that begin in March, so
/// that a leap day is the last of its year, and of the 400 years after which all repeats.
const fn civil_of(days: u64) -> (u64, u64, u64) {
    // From 0000-03-01, the first day of such a period.
    let days = days + 719_468;
    let (period, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (400 * period + year, month, day)
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(micros) = u64::try_from(self.0).ok().filter(|_| self.0 <= LAST) else {
            return write!(f, "{}", jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH));
        };
        // An instant is in every audit entry and every line of the log; this is several times quicker
        // than formatting.
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        let (year, month, day) = civil_of(seconds / 86_400);
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let mut put = |place: usize, width: usize, mut number: u64| {
            for digit in text[place..place + width].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        put(0, 4, year);
        put(5, 2, month);
        put(8, 2, day);
        put(11, 2, seconds / 3600 % 24);
        put(14, 2, seconds / 60 % 60);
        put(17, 2, seconds % 60);
        put(20, 6, fraction);
        // As RFC 3339 allows, a fraction ends at its last digit that is not zero.
        let mut end = if fraction == 0 { 19 } else { 26 };
        while text[end - 1] == b'0' && end > 20 {
            end -= 1;
        }
        text[end] = b'Z';
        f.write_str(std::str::from_utf8(&text[..=end]).unwrap_or_default())
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 instant"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_rfc3339() {
        let instant = Instant::from_seconds(1_795_000_000);
        assert_eq!(Instant::parse_rfc3339(&instant.to_string()), Some(instant));
        assert_eq!(Instant::parse_rfc3339("2026-11-21T07:00:00+07:00"), Instant::parse_rfc3339("2026-11-21T00:00:00Z"));
    }

    #[test]
    fn every_instant_is_written_as_by_the_library_of_dates() {
        let written = |micros: i64| jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
        let mut day = 0;
        while (day + 1) * 86_400_000_000 < LAST {
            for micros in [day * 86_400_000_000, (day + 1) * 86_400_000_000 - 1 - day % 1000 * 1000] {
                assert_eq!(Instant::from_micros(micros).to_string(), written(micros));
            }
            day += 13;
        }
        for micros in [-1, 0, 100_000, 59_000_010, 951_782_400_000_000, LAST] {
            assert_eq!(Instant::from_micros(micros).to_string(), written(micros));
        }
    }

    #[test]
    fn the_civil_day_turns_at_seventeen_utc() {
        let before = Instant::parse_rfc3339("2026-11-21T16:59:59Z").unwrap();
        let after = Instant::parse_rfc3339("2026-11-21T17:00:00Z").unwrap();
        assert_eq!(before.date_in_viet_nam().to_string(), "2026-11-21");
        assert_eq!(after.date_in_viet_nam().to_string(), "2026-11-22");
    }
}
