//! Base45 (RFC 9285): two bytes as three characters of a QR symbol's alphanumeric mode, the lowest digit
//! first. Every code shown is read by it, with a table: characters of a signature cannot be predicted.

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/// More than any digit; digits are below 64.
const NO_DIGIT: u8 = 0x80;

const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        digits[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

/// Whether the text has no other characters.
pub fn is_base45(text: &str) -> bool {
    text.bytes().fold(0, |seen, character| seen | DIGITS[usize::from(character)]) < NO_DIGIT
}

pub fn encode(bytes: &[u8]) -> String {
    let character = |digit: u16| ALPHABET[usize::from(digit % 45)];
    let mut text = Vec::with_capacity(bytes.len().div_ceil(2) * 3);
    let mut pairs = bytes.chunks_exact(2);
    for pair in &mut pairs {
        let number = u16::from_be_bytes([pair[0], pair[1]]);
        text.extend_from_slice(&[character(number), character(number / 45), character(number / (45 * 45))]);
    }
    for last in pairs.remainder() {
        let number = u16::from(*last);
        text.extend_from_slice(&[character(number), character(number / 45)]);
    }
    String::from_utf8(text).expect("the alphabet is ASCII")
}

/// `None` if a character is none of the alphabet, one stands alone, or a group is more than its bytes hold.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digit = |character: u8| DIGITS[usize::from(character)];
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    let mut seen = 0;
    let mut groups = text.as_bytes().chunks_exact(3);
    for group in &mut groups {
        let [low, middle, high] = [digit(group[0]), digit(group[1]), digit(group[2])];
        seen |= low | middle | high;
        let number = u32::from(low) + 45 * u32::from(middle) + 45 * 45 * u32::from(high);
        bytes.extend_from_slice(&u16::try_from(number).ok()?.to_be_bytes());
    }
    match *groups.remainder() {
        [] => {}
        [low, high] => {
            seen |= digit(low) | digit(high);
            bytes.push(u8::try_from(u32::from(digit(low)) + 45 * u32::from(digit(high))).ok()?);
        }
        _ => return None,
    }
    (seen < NO_DIGIT).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_rfc() {
        let examples = [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("ietf!", "QED8WEX0")];
        for (bytes, text) in examples {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!((encode(&[0xff, 0xff]).as_str(), decode("FGW")), ("FGW", Some(vec![0xff, 0xff])));
        for text in ["GGW", ":::", "V5", "::", "A", "ABCD", "BB8a0", "bb8", "BB\u{e9}", "Á00"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode(""), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn says_what_the_crate_says(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "[0-9A-Z $%*+./:,a-]{0,12}") {
            let encoded = encode(&bytes);
            prop_assert!(is_base45(&encoded));
            prop_assert_eq!(&encoded, &base45::encode(&bytes));
            prop_assert_eq!(decode(&encoded), Some(bytes));
            // The crate cuts what is more than the last byte holds; RFC 9285 section 6 has it refused.
            let strict = base45::decode(&text).ok().filter(|bytes| base45::encode(bytes) == text);
            prop_assert_eq!(decode(&text), strict);
        }
    }
}
