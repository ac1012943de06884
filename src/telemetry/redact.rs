//! The last line of defence: what looks like a personal number never reaches a log.

use std::io::{self, Write};

/// Runs of this many digits are struck: a CMND has nine, a personal number twelve.
const RUN: usize = 9;

/// Strikes runs of digits from whatever is written. Each call must hold whole words.
pub struct Redacting<W>(W);

impl<W: Write> Redacting<W> {
    pub fn new(inner: W) -> Self {
        Self(inner)
    }
}

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match struck(text) {
            Some(struck) => self.0.write_all(&struck)?,
            None => self.0.write_all(text)?,
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The text with every long run of digits replaced, if it holds one.
fn struck(text: &[u8]) -> Option<Vec<u8>> {
    if !text.windows(RUN).any(|window| window.iter().all(u8::is_ascii_digit)) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        if digits >= RUN {
            out.extend_from_slice(b"[number]");
        } else if digits > 0 {
            out.extend_from_slice(&rest[..digits]);
        } else {
            out.push(*first);
        }
        rest = &rest[digits.max(1)..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strikes_numbers_and_nothing_else() {
        let redacted = |text: &str| {
            let mut out = Vec::new();
            Redacting::new(&mut out).write_all(text.as_bytes()).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(redacted("id=098300000002, cmnd 098300000."), "id=[number], cmnd [number].");
        assert_eq!(redacted("at 2026-11-21T07:00:00.123456Z took 12345678 µs"), {
            "at 2026-11-21T07:00:00.123456Z took 12345678 µs"
        });
    }
}
