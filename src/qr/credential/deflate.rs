//! zlib data (RFC 1950) as one block under the fixed codes of RFC 1951 section 3.2.6.
//!
//! Not a library's, for two reasons: what compressors emit for input they cannot shorten (a signature, a
//! photo) is a stored block, which a reader in the field refuses, and none lets one forbid it; and they clear
//! a table of 128 kB before each of our few hundred bytes, which takes longer than compressing them.

/// Method 8 with the largest window; the check bits make it a multiple of 31.
const HEADER: [u8; 2] = [0x78, 0x01];
/// Shorter repetitions are written as they are.
const SHORTEST: usize = 3;
/// One less than the longest, which has a code of its own.
const LONGEST: usize = 257;
const FARTHEST: usize = 32_768;
const END_OF_BLOCK: u32 = 256;
/// Places remembered by what stands there.
const PLACES: usize = 1 << 10;
/// So many bytes can be summed before a remainder has to be taken (RFC 1950 section 9).
const SUMMED: usize = 5_552;

/// Compresses. Of the earlier places where the same three bytes may stand, it tries the last.
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    // No byte takes more than nine bits.
    let out = Vec::with_capacity(bytes.len() + bytes.len() / 8 + 16);
    let mut bits = Bits { out, held: 0, filled: 0 };
    bits.out.extend_from_slice(&HEADER);
    // The last block, under the fixed codes.
    bits.push(0b011, 3);
    let mut places = [0; PLACES];
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let before = earlier(bytes, at, &mut places);
        let length = before.map_or(0, |before| alike(&bytes[before..], &bytes[at..]));
        match before {
            Some(before) if length >= SHORTEST => {
                bits.push_repetition(length, at - before);
                at += length;
            }
            _ => {
                bits.push_symbol(u32::from(*byte));
                at += 1;
            }
        }
    }
    bits.push_symbol(END_OF_BLOCK);
    let mut out = bits.end();
    out.extend_from_slice(&adler32(bytes).to_be_bytes());
    out
}

/// Where what begins `at` may have stood before; remembers that it stands here.
fn earlier(bytes: &[u8], at: usize, places: &mut [usize; PLACES]) -> Option<usize> {
    let [a, b, c] = *bytes[at..].first_chunk::<SHORTEST>()?;
    let hash = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9e37_79b1) >> 22;
    // Zero is for nothing.
    let before = std::mem::replace(&mut places[hash as usize], at + 1).checked_sub(1)?;
    (at - before <= FARTHEST).then_some(before)
}

/// How far two places say the same.
fn alike(before: &[u8], here: &[u8]) -> usize {
    here.iter().zip(before).take(LONGEST).take_while(|(one, other)| one == other).count()
}

/// Bits from the lowest up (RFC 1951 section 3.1.1).
struct Bits {
    out: Vec<u8>,
    held: u64,
    filled: u32,
}

impl Bits {
    fn push(&mut self, value: u32, length: u32) {
        self.held |= u64::from(value) << self.filled;
        self.filled += length;
        while self.filled >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.filled -= 8;
        }
    }

    /// Huffman codes begin with their highest bit.
    fn push_code(&mut self, code: u32, length: u32) {
        self.push(code.reverse_bits() >> (32 - length), length);
    }

    /// A byte, the end, or a length's symbol.
    fn push_symbol(&mut self, symbol: u32) {
        match symbol {
            0..=143 => self.push_code(0x30 + symbol, 8),
            144..=255 => self.push_code(0x190 + symbol - 144, 9),
            256..=279 => self.push_code(symbol - 256, 7),
            _ => self.push_code(0xc0 + symbol - 280, 8),
        }
    }

    /// The same `length` bytes as `distance` before (section 3.2.5): of either number the highest bits are
    /// a symbol, three of a length and two of a distance, and what is left follows as it is.
    fn push_repetition(&mut self, length: usize, distance: usize) {
        let (length, distance) = ((length - SHORTEST) as u32, (distance - 1) as u32);
        let left = length.checked_ilog2().unwrap_or(0).saturating_sub(2);
        self.push_symbol(257 + 4 * left + (length >> left));
        self.push(length & ((1 << left) - 1), left);
        let left = distance.checked_ilog2().unwrap_or(0).saturating_sub(1);
        self.push_code(2 * left + (distance >> left), 5);
        self.push(distance & ((1 << left) - 1), left);
    }

    fn end(mut self) -> Vec<u8> {
        // Fills the last byte, and begins none.
        self.push(0, 7);
        self.out
    }
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for part in bytes.chunks(SUMMED) {
        for byte in part {
            low += u32::from(*byte);
            high += low;
        }
        (low, high) = (low % 65_521, high % 65_521);
    }
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::ZlibDecoder;
    use proptest::prelude::*;

    use super::*;

    fn inflated(data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut decoder = ZlibDecoder::new(data);
        decoder.read_to_end(&mut bytes).unwrap();
        assert_eq!(decoder.total_in(), data.len() as u64, "bytes are left over");
        bytes
    }

    #[test]
    fn every_length_and_distance_is_read_back() {
        for length in 1..600 {
            let same = vec![7; length];
            assert_eq!(inflated(&deflate(&same)), same, "{length}");
        }
        // What stands between says nothing new, so that the place is remembered over any distance.
        let word: Vec<u8> = (0..40_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 15) as u8 | 1).collect();
        for distance in (word.len()..2_000).chain([4_095, 4_096, 8_191, 16_384, 32_767, 32_768, 32_769]) {
            let once = [word.as_slice(), &vec![0; distance - word.len()]].concat();
            let twice = [once.as_slice(), &word].concat();
            let short = deflate(&twice);
            assert_eq!(inflated(&short), twice, "{distance}");
            let repeated = short.len() < deflate(&once).len() + word.len() / 2;
            assert_eq!(repeated, distance <= FARTHEST, "{distance}: {} bytes", short.len());
        }
    }

    #[test]
    fn what_repeats_is_shortened_and_noise_hardly_grows() {
        let url = b"https://dancu.example/ https://dancu.example/v1/status-lists/1".as_slice();
        assert!(deflate(url).len() < url.len() - 10);
        let noise: Vec<u8> = (0..1_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert!(deflate(&noise).len() <= 1_000 * 9 / 8 + 8);
    }

    proptest! {
        #[test]
        fn whatever_it_is_comes_back(bytes in proptest::collection::vec(0_u8..6, 0..700), more in proptest::collection::vec(any::<u8>(), 0..300)) {
            let bytes = [bytes.as_slice(), &more, &bytes].concat();
            prop_assert_eq!(inflated(&deflate(&bytes)), bytes);
        }
    }
}
