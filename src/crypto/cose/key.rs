//! Ed25519 public keys as COSE_Key (RFC 9053 section 7.2) and COSE_KeySet (RFC 9052 section 7).

use minicbor::{Decoder, Encoder};

use super::CoseFault;
use super::sign1::written;
use super::strict::{self, Label};
use crate::crypto::{Algorithm, VerifyingKey};

/// Labels of COSE_Key: kty, kid, alg, crv, x. OKP is 1, EdDSA −8, Ed25519 6.
const KTY: i64 = 1;
const KID: i64 = 2;
const ALG: i64 = 3;
const CRV: i64 = -1;
const X: i64 = -2;

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
}
