//! The two digits that tie an approval to the screen it began on.

use std::fmt;

/// Two digits, 10 to 99: shown by the starting screen, typed by the citizen in the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchNumber(u8);

impl MatchNumber {
    /// Of a random byte: 180 of them fall evenly on the 90 numbers, the others on none.
    pub fn of_random(byte: u8) -> Option<Self> {
        (byte < 180).then(|| Self(10 + byte % 90))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() == 2 && text.bytes().all(|digit| digit.is_ascii_digit());
        text.parse().ok().filter(|_| shaped).and_then(|number: u8| Self::of_number(number.into()))
    }

    pub const fn number(self) -> i16 {
        self.0 as i16
    }

    /// Reads a column value.
    pub fn of_number(number: i16) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| (10..=99).contains(number)).map(Self)
    }
}

impl fmt::Display for MatchNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_two_digits_and_fall_evenly() {
        let mut fallen = [0; 100];
        (0..=u8::MAX).filter_map(MatchNumber::of_random).for_each(|digits| fallen[digits.number() as usize] += 1);
        assert!(fallen[..10].iter().all(|count| *count == 0) && fallen[10..].iter().all(|count| *count == 2));
        assert_eq!(MatchNumber::parse("47").map(|digits| digits.to_string()).as_deref(), Some("47"));
        for wrong in ["", "4", "09", "+9", "100", "４７"] {
            assert_eq!(MatchNumber::parse(wrong), None, "{wrong}");
        }
    }
}
