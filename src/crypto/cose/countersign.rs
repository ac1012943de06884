//! A countersignature (RFC 9338, version 2) over a COSE_Sign1: somebody else than the issuer, the holder
//! of what was signed, signs over it. It stands in the unprotected header, so the issuer's signature and
//! every reader that knows nothing of it are left alone. Its claims stand in its own protected header
//! (RFC 9597).

use minicbor::data::Tag;
use minicbor::{Decoder, Encoder};

use super::sign1::{ALGORITHM, COUNTERSIGNATURE, CRITICAL, EDDSA, TAG, written};
use super::strict::{self, Label};
use super::{CoseFault, Sign1};
use crate::crypto::signing::BadSignature;
use crate::crypto::{Algorithm, SigningKey, VerifyingKey};
use crate::kernel::Instant;

/// ECDSA with SHA-256 (RFC 9053 section 2.1).
const ES256: i64 = -7;
/// CWT claims in a header (RFC 9597).
const CLAIMS: i64 = 15;
/// Claims (RFC 8392 section 3.1; the nonce is of RFC 9711).
const AUD: i64 = 3;
const IAT: i64 = 6;
const NONCE: i64 = 10;

/// What is said under a countersignature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Countersigned {
    /// For whom.
    pub audience: String,
    /// When, in whole seconds.
    pub at: Instant,
    /// What the reader asked to be signed.
    pub nonce: Option<String>,
}

/// A countersignature as received; nothing in it is to be believed before [`verify`](Self::verify).
#[derive(Debug, Clone)]
pub struct Countersignature<'b> {
    protected: &'b [u8],
    algorithm: i64,
    pub claims: Countersigned,
    signature: &'b [u8],
}

impl<'b> Countersignature<'b> {
    /// That of a signed object; `None` if it has none.
    pub fn of(signed: &Sign1<'b>) -> Result<Option<Self>, CoseFault> {
        signed.countersignature.map(Self::read).transpose()
    }

    /// Reads `[protected, unprotected, signature]`.
    pub fn read(bytes: &'b [u8]) -> Result<Self, CoseFault> {
        let mut decoder = Decoder::new(bytes);
        if strict::array(&mut decoder)? != 3 {
            return Err(CoseFault::Malformed);
        }
        let protected = decoder.bytes()?;
        strict::map(&mut decoder, |_, value| strict::skip(value))?;
        let signature = decoder.bytes()?;
        strict::at_end(&decoder)?;
        let (algorithm, claims) = header(protected)?;
        Ok(Self { protected, algorithm, claims, signature })
    }

    /// Whether `key` signed exactly this over `signed`.
    pub fn verify(&self, signed: &Sign1<'_>, key: &VerifyingKey) -> Result<(), BadSignature> {
        if self.algorithm != algorithm(key.algorithm()) {
            return Err(BadSignature);
        }
        key.verify(&to_be_signed(signed, self.protected), self.signature)
    }
}

/// The same object with a countersignature of `key` in its header, in the place of any that it has.
pub fn countersigned(bytes: &[u8], key: &SigningKey, claims: &Countersigned) -> Result<Vec<u8>, CoseFault> {
    let signed = Sign1::read(bytes)?;
    let protected = written(Vec::with_capacity(64), |e| {
        e.map(2)?.i64(ALGORITHM)?.i64(algorithm(key.algorithm()))?.i64(CLAIMS)?;
        write_claims(e, claims)
    });
    let signature = key.sign(&to_be_signed(&signed, &protected));
    let countersignature = written(Vec::with_capacity(protected.len() + 80), |e| {
        e.array(3)?.bytes(&protected)?.map(0)?.bytes(&signature)?;
        Ok(())
    });
    Ok(signed.with_countersignature(&countersignature))
}

impl Sign1<'_> {
    /// The same object with this countersignature in its header.
    pub fn with_countersignature(&self, countersignature: &[u8]) -> Vec<u8> {
        let Self { protected, payload, signature, .. } = self;
        written(Vec::with_capacity(protected.len() + payload.len() + countersignature.len() + 80), |e| {
            e.tag(Tag::new(TAG))?.array(4)?.bytes(protected)?.map(1)?.i64(COUNTERSIGNATURE)?;
            e.writer_mut().extend_from_slice(countersignature);
            e.bytes(payload)?.bytes(signature)?;
            Ok(())
        })
    }
}

/// `Countersign_structure` without external data (RFC 9338 section 3.3).
fn to_be_signed(signed: &Sign1<'_>, protected: &[u8]) -> Vec<u8> {
    let bytes = Vec::with_capacity(signed.payload.len() + protected.len() + 120);
    written(bytes, |e| {
        e.array(6)?.str("CounterSignatureV2")?.bytes(signed.protected)?.bytes(protected)?.bytes(&[])?;
        e.bytes(signed.payload)?.array(1)?.bytes(signed.signature)?;
        Ok(())
    })
}

const fn algorithm(of: Algorithm) -> i64 {
    match of {
        Algorithm::Ed25519 => EDDSA,
        Algorithm::P256 => ES256,
    }
}

fn write_claims(
    e: &mut Encoder<Vec<u8>>,
    claims: &Countersigned,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    e.map(2 + u64::from(claims.nonce.is_some()))?.i64(AUD)?.str(&claims.audience)?;
    e.i64(IAT)?.i64(claims.at.as_seconds())?;
    if let Some(nonce) = &claims.nonce {
        e.i64(NONCE)?.str(nonce)?;
    }
    Ok(())
}

/// Algorithm and claims of a protected header.
fn header(protected: &[u8]) -> Result<(i64, Countersigned), CoseFault> {
    let (mut algorithm, mut claims) = (None, None);
    let mut decoder = Decoder::new(protected);
    strict::map(&mut decoder, |label, value| {
        match label {
            Label::Int(ALGORITHM) => algorithm = Some(value.i64()?),
            Label::Int(CRITICAL) => return Err(CoseFault::CriticalHeader),
            Label::Int(CLAIMS) => claims = Some(read_claims(value)?),
            _ => strict::skip(value)?,
        }
        Ok(())
    })?;
    strict::at_end(&decoder)?;
    Ok((algorithm.ok_or(CoseFault::Algorithm)?, claims.ok_or(CoseFault::Malformed)?))
}

fn read_claims(value: &mut Decoder<'_>) -> Result<Countersigned, CoseFault> {
    let (mut audience, mut at, mut nonce) = (None, None, None);
    strict::map(value, |label, value| {
        match label {
            Label::Int(AUD) => audience = Some(value.str()?.to_owned()),
            Label::Int(IAT) => at = Some(Instant::from_seconds(value.i64()?)),
            Label::Int(NONCE) => nonce = Some(value.str()?.to_owned()),
            _ => strict::skip(value)?,
        }
        Ok(())
    })?;
    Ok(Countersigned { audience: audience.ok_or(CoseFault::Malformed)?, at: at.ok_or(CoseFault::Malformed)?, nonce })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::cose::sign;

    fn key(algorithm: Algorithm) -> SigningKey {
        SigningKey::from_pkcs8(algorithm, &SigningKey::generate_pkcs8(algorithm).unwrap()).unwrap()
    }

    fn claims() -> Countersigned {
        Countersigned { audience: "hotel".into(), at: Instant::from_seconds(1_800_000_000), nonce: Some("7301".into()) }
    }

    #[test]
    fn a_holder_signs_over_what_the_issuer_signed() {
        let issuer = key(Algorithm::Ed25519);
        let bytes = sign(&issuer, b"k1", b"payload");
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let holder = key(algorithm);
            let shown = countersigned(&bytes, &holder, &claims()).unwrap();
            let read = Sign1::read(&shown).unwrap();
            assert_eq!((read.payload, read.kid), (b"payload".as_slice(), Some(b"k1".as_slice())));
            assert_eq!(read.verify(&issuer.verifying_key()), Ok(()), "the issuer's signature stays good");
            let countersignature = Countersignature::of(&read).unwrap().expect("it has one");
            assert_eq!(countersignature.claims, claims());
            assert_eq!(countersignature.verify(&read, &holder.verifying_key()), Ok(()));
            assert_eq!(countersignature.verify(&read, &key(algorithm).verifying_key()), Err(BadSignature));
            // Taken off one object and put on another it is nothing.
            let other = sign(&issuer, b"k1", b"another");
            let other = Sign1::read(&other).unwrap();
            assert_eq!(countersignature.verify(&other, &holder.verifying_key()), Err(BadSignature));
        }
        assert!(Countersignature::of(&Sign1::read(&bytes).unwrap()).unwrap().is_none());
    }

    #[test]
    fn a_key_of_another_kind_and_loose_forms_are_refused() {
        let holder = key(Algorithm::P256);
        let shown = countersigned(&sign(&key(Algorithm::Ed25519), b"k", b"p"), &holder, &claims()).unwrap();
        let read = Sign1::read(&shown).unwrap();
        let countersignature = Countersignature::of(&read).unwrap().unwrap();
        assert_eq!(countersignature.verify(&read, &key(Algorithm::Ed25519).verifying_key()), Err(BadSignature));
        for bytes in [&[0x80][..], &[0x83, 0x40, 0xa0, 0x40], &[0x83, 0x43, 0xa1, 0x01, 0x26, 0xa0, 0x40], &[0xa0]] {
            assert!(Countersignature::read(bytes).is_err(), "{bytes:02x?}");
        }
    }
}
