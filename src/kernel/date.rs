//! Civil dates, and birth dates of which only the year or the month is known.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Text;

/// A day of the Gregorian calendar, years 1–9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(jiff::civil::Date);

impl CivilDate {
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        (year >= 1).then(|| jiff::civil::Date::new(year, month, day).ok().map(Self)).flatten()
    }

    /// For days the program itself names; one that does not exist fails to compile.
    pub const fn constant(year: i16, month: i8, day: i8) -> Self {
        Self(jiff::civil::date(year, month, day))
    }

    pub(super) fn from_jiff(date: jiff::civil::Date) -> Self {
        Self(date)
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Result<Self, DateFault> {
        match PartialDate::parse(text)? {
            PartialDate::Day(date) => Ok(date),
            _ => Err(DateFault::Format),
        }
    }

    pub fn year(self) -> i16 {
        self.0.year()
    }
    pub fn month(self) -> i8 {
        self.0.month()
    }
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// Days since 1970-01-01, for columns.
    pub fn epoch_days(self) -> i32 {
        let epoch = jiff::civil::date(1970, 1, 1);
        self.0.duration_since(epoch).as_hours() as i32 / 24
    }

    pub fn from_epoch_days(days: i32) -> Option<Self> {
        let epoch = jiff::civil::date(1970, 1, 1);
        epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok().map(Self)
    }

    pub fn plus_days(self, days: i32) -> Option<Self> {
        Self::from_epoch_days(self.epoch_days().checked_add(days)?)
    }

    /// The same day `months` months earlier, or the last day of that month if it is shorter.
    pub fn minus_months(self, months: u32) -> Option<Self> {
        let span = jiff::Span::new().try_months(months).ok()?;
        self.0.checked_sub(span).ok().map(Self)
    }

    /// Whole years from `self` to `on`, as an age is counted.
    pub fn years_until(self, on: Self) -> i32 {
        let years = i32::from(on.year()) - i32::from(self.year());
        if (on.month(), on.day()) < (self.month(), self.day()) { years - 1 } else { years }
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Dates are in every answer, many times; this is several times quicker than formatting.
        let mut text = *b"0000-00-00";
        let mut put = |place: usize, width: usize, mut number: i16| {
            for digit in text[place..place + width].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        put(0, 4, self.year());
        put(5, 2, self.month().into());
        put(8, 2, self.day().into());
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CivilDate(redacted)")
    }
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateFault {
    #[error("a date is YYYY-MM-DD, YYYY-MM or YYYY")]
    Format,
    #[error("there is no such day")]
    Impossible,
}

impl From<DateFault> for (&'static str, Text) {
    fn from(fault: DateFault) -> Self {
        match fault {
            DateFault::Format => (
                "date_format",
                Text::new("Ngày phải có dạng YYYY-MM-DD, YYYY-MM hoặc YYYY.", "A date is YYYY-MM-DD, YYYY-MM or YYYY."),
            ),
            DateFault::Impossible => {
                ("date_impossible", Text::new("Không có ngày này trong lịch.", "There is no such day."))
            }
        }
    }
}

/// How much of a date is known; a coarser precision is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    Year,
    Month,
    Day,
}

/// A birth date: full, year and month, or the year alone. Written `YYYY-MM-DD`, `YYYY-MM`, `YYYY`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartialDate {
    Day(CivilDate),
    Month { year: i16, month: i8 },
    Year(i16),
}

impl PartialDate {
    pub fn parse(text: &str) -> Result<Self, DateFault> {
        let bytes = text.as_bytes();
        let number = |range: std::ops::Range<usize>| -> Result<i16, DateFault> {
            let digits = &bytes[range];
            if !digits.iter().all(u8::is_ascii_digit) {
                return Err(DateFault::Format);
            }
            Ok(digits.iter().fold(0, |n, d| n * 10 + i16::from(d - b'0')))
        };
        let dashes = bytes.iter().enumerate().all(|(i, b)| (i == 4 || i == 7) == (*b == b'-'));
        if !matches!(bytes.len(), 4 | 7 | 10) || !dashes {
            return Err(DateFault::Format);
        }
        let year = number(0..4)?;
        if year == 0 {
            return Err(DateFault::Impossible);
        }
        if bytes.len() == 4 {
            return Ok(Self::Year(year));
        }
        let month = number(5..7)? as i8;
        if !(1..=12).contains(&month) {
            return Err(DateFault::Impossible);
        }
        if bytes.len() == 7 {
            return Ok(Self::Month { year, month });
        }
        CivilDate::new(year, month, number(8..10)? as i8).map(Self::Day).ok_or(DateFault::Impossible)
    }

    pub fn year(self) -> i16 {
        match self {
            Self::Day(date) => date.year(),
            Self::Month { year, .. } | Self::Year(year) => year,
        }
    }

    pub fn month(self) -> Option<i8> {
        match self {
            Self::Day(date) => Some(date.month()),
            Self::Month { month, .. } => Some(month),
            Self::Year(_) => None,
        }
    }

    pub fn day(self) -> Option<i8> {
        match self {
            Self::Day(date) => Some(date.day()),
            _ => None,
        }
    }

    pub fn precision(self) -> Precision {
        match self {
            Self::Day(_) => Precision::Day,
            Self::Month { .. } => Precision::Month,
            Self::Year(_) => Precision::Year,
        }
    }

    /// The same date with no more than `precision` known.
    pub fn at(self, precision: Precision) -> Self {
        match (self, precision) {
            (Self::Day(date), Precision::Month) => Self::Month { year: date.year(), month: date.month() },
            (date, Precision::Year) => Self::Year(date.year()),
            (date, _) => date,
        }
    }

    /// The first day the date can mean.
    pub fn earliest(self) -> CivilDate {
        CivilDate::new(self.year(), self.month().unwrap_or(1), self.day().unwrap_or(1))
            .unwrap_or(CivilDate(jiff::civil::Date::MIN))
    }

    /// The last day the date can mean.
    pub fn latest(self) -> CivilDate {
        match self {
            Self::Day(date) => date,
            Self::Month { .. } => CivilDate(self.earliest().0.last_of_month()),
            Self::Year(year) => CivilDate::new(year, 12, 31).unwrap_or(CivilDate(jiff::civil::Date::MAX)),
        }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => date.fmt(f),
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl fmt::Debug for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartialDate(redacted)")
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
as_text!(CivilDate);
as_text!(PartialDate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_three_precisions() {
        for text in ["1999-03-15", "1999-03", "1999"] {
            assert_eq!(PartialDate::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "99", "1999-3", "1999/03/15", "15031999", "1999-03-15 ", "１９９９"] {
            assert_eq!(PartialDate::parse(bad), Err(DateFault::Format), "{bad}");
        }
        for bad in ["2022-02-31", "2023-02-29", "2022-13", "0000"] {
            assert_eq!(PartialDate::parse(bad), Err(DateFault::Impossible), "{bad}");
        }
    }

    #[test]
    fn ages_and_ends_of_months() {
        let birth = CivilDate::parse("2012-02-29").unwrap();
        assert_eq!(birth.years_until(CivilDate::parse("2026-02-28").unwrap()), 13);
        assert_eq!(birth.years_until(CivilDate::parse("2026-03-01").unwrap()), 14);
        assert_eq!(PartialDate::parse("2024-02").unwrap().latest().to_string(), "2024-02-29");
        assert_eq!(CivilDate::from_epoch_days(birth.epoch_days()), Some(birth));
        assert_eq!(CivilDate::parse("1900-01-01").unwrap().epoch_days(), -25567);
    }
}
