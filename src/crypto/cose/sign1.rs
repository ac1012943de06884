//! One signed object.

use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder};

use super::CoseFault;
use super::strict::{self, Label};
use crate::crypto::signing::BadSignature;
use crate::crypto::{SigningKey, VerifyingKey};

/// CBOR tag of COSE_Sign1 (RFC 9052 section 2).
const TAG_SIGN1: u64 = 18;
/// CBOR tag of a CWT (RFC 8392 section 6); read, never written: some readers refuse it.
const TAG_CWT: u64 = 61;
/// Header labels (RFC 9052 section 3.1).
const ALG: i64 = 1;
const CRIT: i64 = 2;
const KID: i64 = 4;
const TYP: i64 = 16;
/// Countersignature version 2 (RFC 9338 section 3.1).
pub(super) const COUNTERSIGNATURE: i64 = 11;
/// CBOR tag, header labels and algorithms that countersignatures share.
pub(super) const TAG: u64 = TAG_SIGN1;
pub(super) const ALGORITHM: i64 = ALG;
pub(super) const CRITICAL: i64 = CRIT;
/// EdDSA (RFC 9053 section 2.2).
pub(super) const EDDSA: i64 = -8;

/// A COSE_Sign1 as received; nothing in it is to be believed before [`verify`](Self::verify).
#[derive(Debug, Clone)]
pub struct Sign1<'b> {
    pub(super) protected: &'b [u8],
    /// Key id, from the protected header, else the unprotected one.
    pub kid: Option<&'b [u8]>,
    pub payload: &'b [u8],
    pub(super) signature: &'b [u8],
    /// A countersignature as it stands (RFC 9338); the issuer's signature does not cover it.
    pub(super) countersignature: Option<&'b [u8]>,
}

impl<'b> Sign1<'b> {
    /// Reads `[protected, unprotected, payload, signature]`, with tag 18, tag 61 around it, or none.
    pub fn read(bytes: &'b [u8]) -> Result<Self, CoseFault> {
        let mut decoder = Decoder::new(bytes);
        for tag in [TAG_CWT, TAG_SIGN1] {
            if decoder.datatype()? == Type::Tag && decoder.probe().tag()? == Tag::new(tag) {
                decoder.tag()?;
            }
        }
        if strict::array(&mut decoder)? != 4 {
            return Err(CoseFault::Malformed);
        }
        let protected = decoder.bytes()?;
        let mut inner = Decoder::new(protected);
        let under_protection = headers(&mut inner)?;
        strict::at_end(&inner)?;
        let unprotected = headers(&mut decoder)?;
        let payload = decoder.bytes()?;
        let signature = decoder.bytes()?;
        strict::at_end(&decoder)?;
        if under_protection.algorithm != Some(EDDSA) || unprotected.algorithm.is_some() {
            return Err(CoseFault::Algorithm);
        }
        let kid = under_protection.kid.or(unprotected.kid);
        Ok(Self { protected, kid, payload, signature, countersignature: unprotected.countersignature })
    }

    /// Whether `key` signed exactly this.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), BadSignature> {
        key.verify(&to_be_signed(self.protected, self.payload), self.signature)
    }
}

#[derive(Default)]
struct Headers<'b> {
    algorithm: Option<i64>,
    kid: Option<&'b [u8]>,
    countersignature: Option<&'b [u8]>,
}

fn headers<'b>(decoder: &mut Decoder<'b>) -> Result<Headers<'b>, CoseFault> {
    let mut headers = Headers::default();
    strict::map(decoder, |label, value| {
        match label {
            Label::Int(ALG) => headers.algorithm = Some(value.i64()?),
            Label::Int(CRIT) => return Err(CoseFault::CriticalHeader),
            Label::Int(KID) => headers.kid = Some(value.bytes()?),
            Label::Int(COUNTERSIGNATURE) => {
                let start = value.position();
                strict::skip(value)?;
                headers.countersignature = value.input().get(start..value.position());
            }
            _ => strict::skip(value)?,
        }
        Ok(())
    })?;
    Ok(headers)
}

/// `Sig_structure` for COSE_Sign1 without external data (RFC 9052 section 4.4).
fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let bytes = Vec::with_capacity(protected.len() + payload.len() + 24);
    written(bytes, |e| {
        e.array(4)?.str("Signature1")?.bytes(protected)?.bytes(&[])?.bytes(payload)?;
        Ok(())
    })
}

/// Runs an encoder over a vector, which cannot fail.
pub(super) fn written(
    bytes: Vec<u8>,
    write: impl FnOnce(&mut Encoder<Vec<u8>>) -> Result<(), minicbor::encode::Error<std::convert::Infallible>>,
) -> Vec<u8> {
    let mut encoder = Encoder::new(bytes);
    write(&mut encoder).expect("writing to memory does not fail");
    encoder.into_writer()
}

/// Signs `payload` with an Ed25519 key: tag 18 alone, algorithm and key id under protection.
pub fn sign(key: &SigningKey, kid: &[u8], payload: &[u8]) -> Vec<u8> {
    let protected = written(Vec::with_capacity(kid.len() + 8), |e| {
        e.map(2)?.i64(ALG)?.i64(EDDSA)?.i64(KID)?.bytes(kid)?;
        Ok(())
    });
    sealed(key, &protected, payload)
}

/// The same with a media type under protection (RFC 9596).
pub fn sign_typed(key: &SigningKey, kid: &[u8], typ: &str, payload: &[u8]) -> Vec<u8> {
    let protected = written(Vec::with_capacity(kid.len() + typ.len() + 12), |e| {
        e.map(3)?.i64(ALG)?.i64(EDDSA)?.i64(KID)?.bytes(kid)?.i64(TYP)?.str(typ)?;
        Ok(())
    });
    sealed(key, &protected, payload)
}

fn sealed(key: &SigningKey, protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let signature = key.sign(&to_be_signed(protected, payload));
    written(Vec::with_capacity(payload.len() + protected.len() + 80), |e| {
        e.tag(Tag::new(TAG_SIGN1))?.array(4)?.bytes(protected)?.map(0)?.bytes(payload)?.bytes(&signature)?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Algorithm;

    fn key() -> SigningKey {
        let der = SigningKey::generate_pkcs8(Algorithm::Ed25519).unwrap();
        SigningKey::from_pkcs8(Algorithm::Ed25519, &der).unwrap()
    }

    fn raw(protected: &[u8], unprotected: impl Fn(&mut Encoder<Vec<u8>>), rest: &[u8]) -> Vec<u8> {
        let mut e = Encoder::new(Vec::new());
        e.array(4).unwrap().bytes(protected).unwrap();
        unprotected(&mut e);
        e.bytes(b"p").unwrap().bytes(&[0; 64]).unwrap();
        let mut bytes = e.into_writer();
        bytes.extend_from_slice(rest);
        bytes
    }

    #[test]
    fn signs_and_verifies_with_and_without_tag_61() {
        let key = key();
        let bytes = sign(&key, b"k1", b"payload");
        let read = Sign1::read(&bytes).unwrap();
        assert_eq!((read.kid, read.payload), (Some(b"k1".as_slice()), b"payload".as_slice()));
        assert_eq!(read.verify(&key.verifying_key()), Ok(()));
        let tagged = [&[0xd8, 61], bytes.as_slice()].concat();
        assert_eq!(Sign1::read(&tagged).unwrap().verify(&key.verifying_key()), Ok(()));
        let untagged = &bytes[1..];
        assert_eq!(Sign1::read(untagged).unwrap().verify(&key.verifying_key()), Ok(()));
        let mut altered = bytes.clone();
        let place = altered.windows(7).position(|w| w == b"payload").unwrap();
        altered[place] ^= 1;
        assert_eq!(Sign1::read(&altered).unwrap().verify(&key.verifying_key()), Err(BadSignature));
    }

    #[test]
    fn refuses_every_looseness_by_name() {
        let none = |e: &mut Encoder<Vec<u8>>| {
            e.map(0).unwrap();
        };
        let eddsa = [0xa1, 0x01, 0x27];
        assert!(Sign1::read(&raw(&eddsa, none, b"")).is_ok());
        let cases: [(Vec<u8>, CoseFault); 7] = [
            (raw(&[0xa1, 0x01, 0x26], none, b""), CoseFault::Algorithm),
            (raw(&[0xa0], none, b""), CoseFault::Algorithm),
            (raw(&[0xa2, 0x01, 0x27, 0x01, 0x27], none, b""), CoseFault::DuplicateLabel),
            (raw(&[0xa2, 0x01, 0x27, 0x02, 0x81, 0x04], none, b""), CoseFault::CriticalHeader),
            (
                raw(
                    &eddsa,
                    |e| {
                        e.map(1).unwrap().i64(1).unwrap().i64(-7).unwrap();
                    },
                    b"",
                ),
                CoseFault::Algorithm,
            ),
            (raw(&eddsa, none, b"\0"), CoseFault::Malformed),
            (raw(&[0xbf, 0x01, 0x27, 0xff], none, b""), CoseFault::Malformed),
        ];
        for (bytes, fault) in cases {
            assert_eq!(Sign1::read(&bytes).err(), Some(fault), "{bytes:02x?}");
        }
    }

    #[test]
    fn deep_nesting_ends_in_an_error() {
        let mut protected = vec![0xa2, 0x01, 0x27, 0x18, 0x64];
        protected.extend(std::iter::repeat_n(0x81, 100_000));
        protected.push(0);
        assert_eq!(
            Sign1::read(&raw(
                &protected,
                |e| {
                    e.map(0).unwrap();
                },
                b""
            ))
            .err(),
            Some(CoseFault::Malformed)
        );
    }
}
