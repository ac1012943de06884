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

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{stamp}")
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
    fn the_civil_day_turns_at_seventeen_utc() {
        let before = Instant::parse_rfc3339("2026-11-21T16:59:59Z").unwrap();
        let after = Instant::parse_rfc3339("2026-11-21T17:00:00Z").unwrap();
        assert_eq!(before.date_in_viet_nam().to_string(), "2026-11-21");
        assert_eq!(after.date_in_viet_nam().to_string(), "2026-11-22");
    }
}
