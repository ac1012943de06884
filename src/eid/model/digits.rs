//! The two digits that tie an approval to the screen it began on.

use std::fmt;

use crate::kernel::Entropy;
use crate::kernel::entropy::random_bytes;

/// Two digits, 10 to 99: shown by the starting screen, typed by the citizen in the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchNumber(u8);

impl MatchNumber {
    pub fn random(entropy: &dyn Entropy) -> Self {
        // 180 = 2 × 90: bytes below it fall evenly.
        loop {
            let [byte] = random_bytes(entropy);
            if byte < 180 {
                return Self(10 + byte % 90);
            }
        }
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
