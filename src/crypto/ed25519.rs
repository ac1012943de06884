//! Ed25519 verification (RFC 8032 section 5.1.7) by a key that verifies again and again.
//!
//! What a verification costs are the doublings on the way to `[S]B` and `[k]A`. Of a base point that is
//! known long before, multiples can be laid out once, and each product is a sum of 32 of them. The group's
//! arithmetic and encoding are the library's; what is accepted is what [`ring`] accepts.

use std::sync::LazyLock;

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use ring::digest;

/// One for each byte of a scalar.
const WINDOWS: usize = 32;
/// Multiples for one window: a digit is signed, and a negative one is subtracted.
const MULTIPLES: usize = 128;

/// The multiples of the group's base point.
static BASE: LazyLock<Multiples> = LazyLock::new(|| Multiples::of(ED25519_BASEPOINT_POINT));

/// A public key with its multiples laid out: 655 kB.
pub(super) struct FrequentKey {
    public: [u8; 32],
    /// Of the key's negated point: `[S]B - [k]A` is a sum then.
    multiples: Multiples,
}

impl FrequentKey {
    /// `None` if the bytes are no point of the curve.
    pub fn new(public: &[u8]) -> Option<Self> {
        let public = <[u8; 32]>::try_from(public).ok()?;
        let point = CompressedEdwardsY(public).decompress()?;
        Some(Self { public, multiples: Multiples::of(-point) })
    }

    /// Whether the signature of 64 bytes is this key's. Takes no secret, and hides no time.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some((r, s)) = signature.split_first_chunk::<32>() else { return false };
        let Ok(s) = <[u8; 32]>::try_from(s) else { return false };
        // A larger S would be a second signature for the same message (section 8.4).
        let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(s)) else { return false };
        let mut hash = digest::Context::new(&digest::SHA512);
        for part in [r.as_slice(), &self.public, message] {
            hash.update(part);
        }
        let mut wide = [0; 64];
        wide.copy_from_slice(hash.finish().as_ref());
        let k = Scalar::from_bytes_mod_order_wide(&wide);
        let sum = self.multiples.add(&k, BASE.add(&s, EdwardsPoint::identity()));
        sum.compress().as_bytes() == r
    }
}

/// For each window of a scalar the multiples that its digit can stand for.
struct Multiples(Vec<[EdwardsPoint; MULTIPLES]>);

impl Multiples {
    fn of(point: EdwardsPoint) -> Self {
        let mut one = point;
        let windows = (0..WINDOWS).map(|_| {
            let mut window = [one; MULTIPLES];
            for index in 1..MULTIPLES {
                window[index] = window[index - 1] + one;
            }
            one = window[MULTIPLES - 1] + window[MULTIPLES - 1];
            window
        });
        Self(windows.collect())
    }

    /// `sum` and the product of `scalar` and the point.
    fn add(&self, scalar: &Scalar, mut sum: EdwardsPoint) -> EdwardsPoint {
        for (window, digit) in self.0.iter().zip(digits(scalar.as_bytes())) {
            let multiple = usize::from(digit.unsigned_abs());
            match digit {
                0 => {}
                1.. => sum += &window[multiple - 1],
                _ => sum -= &window[multiple - 1],
            }
        }
        sum
    }
}

/// A number below 2²⁵⁵ in digits from -127 to 128, the lowest first.
fn digits(number: &[u8; WINDOWS]) -> [i16; WINDOWS] {
    let mut carry = 0;
    number.map(|byte| {
        let digit = i16::from(byte) + carry;
        carry = i16::from(digit > MULTIPLES as i16);
        digit - (carry << 8)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

    use super::*;

    fn ring_accepts(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
    }

    /// 2²⁵² + 27742317777372353535851937790883648493, the order of the base point, lowest byte first.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    #[test]
    fn digits_say_the_number_also_at_its_ends() {
        let mut largest = ORDER;
        largest[0] -= 1;
        for number in [[0; 32], largest, std::array::from_fn(|place| if place < 31 { 0xff } else { 0x0f })] {
            let said = digits(&number).iter().rev().fold(Scalar::ZERO, |sum, digit| {
                let magnitude = Scalar::from(digit.unsigned_abs());
                sum * Scalar::from(256_u16) + if *digit < 0 { -magnitude } else { magnitude }
            });
            assert_eq!(said, Scalar::from_bytes_mod_order(number));
        }
    }

    proptest! {
        #[test]
        fn accepts_what_ring_accepts_and_nothing_else(
            seed in any::<[u8; 32]>(),
            message in proptest::collection::vec(any::<u8>(), 0..300),
            place in 0_usize..64,
            bit in 0_u8..8,
        ) {
            let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
            let (public, signed) = (pair.public_key().as_ref(), pair.sign(&message));
            let key = FrequentKey::new(public).unwrap();
            prop_assert!(key.verifies(&message, signed.as_ref()));
            let mut altered = signed.as_ref().to_vec();
            altered[place] ^= 1 << bit;
            prop_assert!(!key.verifies(&message, &altered));
            prop_assert!(!key.verifies(&message, &signed.as_ref()[..63]));
            prop_assert!(!key.verifies(&[&message[..], &[0]].concat(), signed.as_ref()));
        }
    }

    /// Where implementations part: points of small order and points written in a second way, as key and as R,
    /// and S beyond the order.
    #[test]
    fn agrees_with_ring_on_signatures_made_to_tell_verifiers_apart() {
        let small: Vec<[u8; 32]> = {
            let torsion = curve25519_dalek::constants::EIGHT_TORSION;
            let mut all: Vec<_> = torsion.iter().map(|point| point.compress().to_bytes()).collect();
            // y = 1 and y = 0 plus the field's prime, and y = 1 with a sign that x = 0 has not.
            let prime_plus =
                |n: u8| std::array::from_fn(|p| [0xed + n, 0xff, 0x7f][usize::from(p > 0) + usize::from(p == 31)]);
            let mut signed = [0; 32];
            (signed[0], signed[31]) = (1, 0x80);
            all.extend([prime_plus(0), prime_plus(1), signed]);
            all
        };
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let honest = pair.public_key().as_ref().try_into().unwrap();
        let (mut accepted, mut refused) = (0, 0);
        for public in small.iter().chain([&honest]) {
            let Some(key) = FrequentKey::new(public) else { continue };
            for r in small.iter().chain([&honest]) {
                for s in [[0; 32], ORDER, Scalar::from(5_u8).to_bytes(), [0xff; 32]] {
                    for message in 0..16_u8 {
                        let signature = [*r, s].concat();
                        let verifies = key.verifies(&[message], &signature);
                        assert_eq!(verifies, ring_accepts(public, &[message], &signature), "{public:02x?} {r:02x?}");
                        *(if verifies { &mut accepted } else { &mut refused }) += 1;
                    }
                }
            }
        }
        // A key that is partly of small order: good only where the challenge makes that part vanish.
        let (secret, nonce) = (Scalar::from(977_u16), Scalar::from(1_009_u16));
        let r = (ED25519_BASEPOINT_POINT * nonce).compress().to_bytes();
        for torsion in curve25519_dalek::constants::EIGHT_TORSION {
            let public = (ED25519_BASEPOINT_POINT * secret + torsion).compress().to_bytes();
            let key = FrequentKey::new(&public).unwrap();
            for message in 0..64_u8 {
                let hash = digest::digest(&digest::SHA512, &[r.as_slice(), &public, &[message]].concat());
                let k = Scalar::from_bytes_mod_order_wide(hash.as_ref().try_into().unwrap());
                let signature = [r, (nonce + k * secret).to_bytes()].concat();
                let verifies = key.verifies(&[message], &signature);
                assert_eq!(verifies, ring_accepts(&public, &[message], &signature), "{public:02x?} {message}");
                *(if verifies { &mut accepted } else { &mut refused }) += 1;
            }
        }
        assert!(accepted > 100 && refused > 1000, "{accepted} accepted, {refused} refused");
        let signed = pair.sign(b"twice");
        let s = Scalar::from_canonical_bytes(signed.as_ref()[32..].try_into().unwrap()).unwrap().to_bytes();
        let mut carry = 0;
        let beyond: Vec<u8> = (0..32)
            .map(|place| {
                carry += u16::from(s[place]) + u16::from(ORDER[place]);
                let byte = carry as u8;
                carry >>= 8;
                byte
            })
            .collect();
        let second = [&signed.as_ref()[..32], &beyond].concat();
        assert!(!FrequentKey::new(&honest).unwrap().verifies(b"twice", &second));
        assert!(!ring_accepts(&honest, b"twice", &second));
    }
}
