//! Passcodes: what a citizen remembers.

use std::fmt;

use zeroize::Zeroizing;

use crate::kernel::{PartialDate, Text};

/// Six to twelve digits. `Debug` is redacted, memory is wiped.
#[derive(Clone)]
pub struct Passcode(Zeroizing<String>);

/// Why a text is not taken as a new passcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasscodeFault {
    #[error("a passcode is 6 to 12 digits")]
    Format,
    #[error("the passcode is one that is guessed first")]
    Weak,
}

impl From<PasscodeFault> for (&'static str, Text) {
    fn from(fault: PasscodeFault) -> Self {
        match fault {
            PasscodeFault::Format => {
                ("passcode_format", Text::new("Mật mã gồm 6 đến 12 chữ số.", "A passcode is 6 to 12 digits."))
            }
            PasscodeFault::Weak => (
                "passcode_weak",
                Text::new("Mật mã này quá dễ đoán.", "This passcode is one of those that are guessed first."),
            ),
        }
    }
}

impl Passcode {
    /// Reads a passcode, weak or not.
    pub fn parse(text: &str) -> Result<Self, PasscodeFault> {
        if (6..=12).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit()) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(PasscodeFault::Format)
        }
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Refuses what is tried first by whoever guesses: one digit or a short pattern repeated, digits
    /// in a row, and the citizen's birth date and number in any of their usual forms.
    pub fn check(&self, born: PartialDate, id_number: &str) -> Result<(), PasscodeFault> {
        let digits = self.0.as_bytes();
        let repeats = (1..=digits.len() / 2).any(|length| {
            digits.len().is_multiple_of(length) && digits.chunks(length).all(|chunk| chunk == &digits[..length])
        });
        let step = |by: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + by) % 10 == pair[1] - b'0');
        let of_number = id_number.contains(self.0.as_str());
        let of_birth = birth_forms(born).iter().any(|form| *form == *self.0);
        if repeats || step(1) || step(9) || of_number || of_birth { Err(PasscodeFault::Weak) } else { Ok(()) }
    }
}

/// The birth date as people type it.
fn birth_forms(born: PartialDate) -> Vec<String> {
    let (year, short) = (born.year(), born.year() % 100);
    let mut forms = Vec::new();
    if let Some(month) = born.month() {
        forms.extend([format!("{month:02}{year:04}"), format!("{year:04}{month:02}")]);
        if let Some(day) = born.day() {
            forms.extend([
                format!("{day:02}{month:02}{short:02}"),
                format!("{month:02}{day:02}{short:02}"),
                format!("{short:02}{month:02}{day:02}"),
                format!("{day:02}{month:02}{year:04}"),
                format!("{month:02}{day:02}{year:04}"),
                format!("{year:04}{month:02}{day:02}"),
            ]);
        }
    }
    forms
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passcode(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first_is_refused() {
        let born = PartialDate::parse("1999-03-15").unwrap();
        let check = |text: &str| Passcode::parse(text).and_then(|code| code.check(born, "097099000001"));
        for weak in ["000000", "123456", "654321", "567890", "123123", "121212", "150399", "990315", "15031999"] {
            assert_eq!(check(weak), Err(PasscodeFault::Weak), "{weak}");
        }
        for weak in ["031999", "199903", "099000", "0970990000", "12341234"] {
            assert_eq!(check(weak), Err(PasscodeFault::Weak), "{weak}");
        }
        for malformed in ["12345", "1234567890123", "12345a", "１２３４５６", ""] {
            assert_eq!(check(malformed), Err(PasscodeFault::Format), "{malformed}");
        }
        for good in ["735914", "482915", "90210377"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert_eq!(format!("{:?}", Passcode::parse("735914").unwrap()), "Passcode(redacted)");
    }
}
