//! Public keys as COSE_Key (RFC 9053 section 7) and COSE_KeySet (RFC 9052 section 7): issuers' are Ed25519,
//! holders' Ed25519 or P-256.

use minicbor::{Decoder, Encoder};

use super::CoseFault;
use super::sign1::written;
use super::strict::{self, Label};
use crate::crypto::{Algorithm, VerifyingKey};

/// Labels of COSE_Key: kty, kid, alg, crv, x, y. OKP is 1, EC2 2, EdDSA −8, ES256 −7, Ed25519 6, P-256 1.
const KTY: i64 = 1;
const KID: i64 = 2;
const ALG: i64 = 3;
const CRV: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;
/// Begins an uncompressed point (SEC 1 section 2.3.3), as keys of P-256 are kept.
const UNCOMPRESSED: u8 = 4;

/// One public key.
pub fn cose_key(kid: &[u8], key: &VerifyingKey) -> Vec<u8> {
    written(Vec::with_capacity(64), |e| write_key(e, kid, key))
}

/// All public keys that may have signed what is still in use.
pub fn cose_key_set<'k>(keys: impl ExactSizeIterator<Item = (&'k [u8], &'k VerifyingKey)>) -> Vec<u8> {
    written(Vec::new(), |e| {
        e.array(keys.len() as u64)?;
        for (kid, key) in keys {
            write_key(e, kid, key)?;
        }
        Ok(())
    })
}

fn write_key(
    e: &mut Encoder<Vec<u8>>,
    kid: &[u8],
    key: &VerifyingKey,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    e.map(5)?.i64(KTY)?.i64(1)?.i64(KID)?.bytes(kid)?.i64(ALG)?.i64(-8)?;
    e.i64(CRV)?.i64(6)?.i64(X)?.bytes(key.as_bytes())?;
    Ok(())
}

/// The key of a credential's holder, without a key id.
pub fn holder_key(key: &VerifyingKey) -> Vec<u8> {
    written(Vec::with_capacity(80), |e| {
        match key.algorithm() {
            Algorithm::Ed25519 => {
                e.map(4)?.i64(KTY)?.i64(1)?.i64(ALG)?.i64(-8)?.i64(CRV)?.i64(6)?.i64(X)?.bytes(key.as_bytes())?;
            }
            Algorithm::P256 => {
                let (x, y) = key.as_bytes()[1..].split_at(32);
                e.map(5)?.i64(KTY)?.i64(2)?.i64(ALG)?.i64(-7)?.i64(CRV)?.i64(1)?;
                e.i64(X)?.bytes(x)?.i64(Y)?.bytes(y)?;
            }
        }
        Ok(())
    })
}

/// Reads the key of a credential's holder, with or without a key id.
///
/// # Errors
/// Also if it is of another kind: then nobody can prove to hold it here.
pub fn read_holder_key(bytes: &[u8]) -> Result<VerifyingKey, CoseFault> {
    let mut decoder = Decoder::new(bytes);
    let (mut kty, mut crv, mut x, mut y) = (None, None, None, None);
    strict::map(&mut decoder, |label, value| {
        match label {
            Label::Int(KTY) => kty = Some(value.i64()?),
            Label::Int(CRV) => crv = Some(value.i64()?),
            Label::Int(X) => x = Some(value.bytes()?),
            // A compressed point has a bool here; we write none, and read none.
            Label::Int(Y) => y = Some(value.bytes()?),
            _ => strict::skip(value)?,
        }
        Ok(())
    })?;
    strict::at_end(&decoder)?;
    let key = match (kty, crv, x, y) {
        (Some(1), Some(6), Some(x), None) => VerifyingKey::new(Algorithm::Ed25519, x),
        (Some(2), Some(1), Some(x), Some(y)) if x.len() == 32 && y.len() == 32 => {
            VerifyingKey::new(Algorithm::P256, &[&[UNCOMPRESSED], x, y].concat())
        }
        _ => return Err(CoseFault::Algorithm),
    };
    key.map_err(|_| CoseFault::Malformed)
}

/// Reads a COSE_KeySet; keys of other kinds than Ed25519 are passed over (RFC 9052 section 7).
pub fn read_key_set(bytes: &[u8]) -> Result<Vec<(Vec<u8>, VerifyingKey)>, CoseFault> {
    let mut decoder = Decoder::new(bytes);
    let count = strict::array(&mut decoder)?;
    let mut keys = Vec::new();
    for _ in 0..count.min(1_000) {
        keys.extend(read_key(&mut decoder)?);
    }
    strict::at_end(&decoder)?;
    Ok(keys)
}

fn read_key(decoder: &mut Decoder<'_>) -> Result<Option<(Vec<u8>, VerifyingKey)>, CoseFault> {
    let (mut kty, mut crv, mut kid, mut x) = (None, None, None, None);
    strict::map(decoder, |label, value| {
        match label {
            Label::Int(KTY) => kty = Some(value.i64()?),
            Label::Int(CRV) => crv = Some(value.i64()?),
            Label::Int(KID) => kid = Some(value.bytes()?),
            Label::Int(X) if kty == Some(1) => x = Some(value.bytes()?),
            _ => strict::skip(value)?,
        }
        Ok(())
    })?;
    let (Some(1), Some(6), Some(kid), Some(x)) = (kty, crv, kid, x) else { return Ok(None) };
    let key = VerifyingKey::new(Algorithm::Ed25519, x).map_err(|_| CoseFault::Malformed)?;
    Ok(Some((kid.to_vec(), key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_round_trips_and_passes_over_other_kinds() {
        let key = VerifyingKey::new(Algorithm::Ed25519, &[9; 32]).unwrap();
        let set = cose_key_set([(b"a".as_slice(), &key), (b"b".as_slice(), &key)].into_iter());
        let read = read_key_set(&set).unwrap();
        assert_eq!(read, [(b"a".to_vec(), key.clone()), (b"b".to_vec(), key.clone())]);
        let foreign = [&[0x81], [0xa1, 0x01, 0x02].as_slice()].concat();
        assert_eq!(read_key_set(&foreign), Ok(vec![]));
        assert!(read_key_set(&[0x80, 0]).is_err());
        assert_eq!(cose_key(b"a", &key), set[1..1 + (set.len() - 1) / 2]);
    }

    #[test]
    fn holders_keys_of_both_kinds_round_trip() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let der = crate::crypto::SigningKey::generate_pkcs8(algorithm).unwrap();
            let key = crate::crypto::SigningKey::from_pkcs8(algorithm, &der).unwrap().verifying_key();
            assert_eq!(read_holder_key(&holder_key(&key)), Ok(key.clone()));
            assert!(read_holder_key(&[holder_key(&key), vec![0]].concat()).is_err());
        }
        let with_kid = cose_key(b"a", &VerifyingKey::new(Algorithm::Ed25519, &[9; 32]).unwrap());
        assert!(read_holder_key(&with_kid).is_ok());
        assert_eq!(read_holder_key(&[0xa0]), Err(CoseFault::Algorithm));
    }
}
