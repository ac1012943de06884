//! The short code that is read by telephone: eight characters that no ear confuses (Crockford's
//! base 32), 40 bits.

use crate::crypto::digest::sha256;
use crate::kernel::entropy::random_bytes;
use crate::kernel::{Entropy, TransactionId};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 8;

/// `XXXX-XXXX`.
pub fn random(entropy: &dyn Entropy) -> String {
    let bytes: [u8; LENGTH] = random_bytes(entropy);
    let mut code = String::with_capacity(LENGTH + 1);
    for (place, byte) in bytes.into_iter().enumerate() {
        if place == LENGTH / 2 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    code
}

/// A code as it was heard: without separators, in capitals, with the letters that stand for digits.
/// `None` if it cannot be one.
fn normal(text: &str) -> Option<String> {
    let mut code = String::with_capacity(LENGTH);
    for c in text.chars().filter(|c| !matches!(c, ' ' | '-' | '.')) {
        let c = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if !c.is_ascii() || !ALPHABET.contains(&(c as u8)) || code.len() == LENGTH {
            return None;
        }
        code.push(c);
    }
    (code.len() == LENGTH).then_some(code)
}

/// The hash a confirmation's code is kept as. It guards no secret of the person: who has the code learns
/// that the confirmation stands or not.
pub fn tag(id: TransactionId, code: &str) -> Option<[u8; 32]> {
    let code = normal(code)?;
    Some(sha256(&[id.as_bytes(), code.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SystemEntropy;

    #[test]
    fn a_code_is_known_however_it_was_heard() {
        let code = random(&SystemEntropy::default());
        assert_eq!((code.len(), code.as_bytes()[4]), (9, b'-'));
        assert_eq!(normal(&code.to_lowercase()), normal(&code.replace('-', " ")));
        assert_eq!(normal("oOiI-lL12").as_deref(), Some("00111112"));
        for bad in ["", "1234567", "123456789", "ABCD-EFGU", "ÀBCDEFGH"] {
            assert_eq!(normal(bad), None, "{bad}");
        }
    }
}
