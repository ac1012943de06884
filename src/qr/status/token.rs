//! The list as a CWT (draft section 5.2); its JWT form has the same claims by name.

use minicbor::{Decoder, Encoder};

use super::{StatusBits, StatusListFault};
use crate::crypto::cose::CoseFault;
use crate::crypto::cose::strict::{self, Label};
use crate::kernel::Instant;

const SUB: i64 = 2;
const EXP: i64 = 4;
const IAT: i64 = 6;
const STATUS_LIST: i64 = 65_533;
const TTL: i64 = 65_534;

impl From<CoseFault> for StatusListFault {
    fn from(_: CoseFault) -> Self {
        Self::Malformed
    }
}

/// What a list says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusListClaims {
    /// The URI a credential's status reference must equal.
    pub uri: String,
    pub issued: Instant,
    pub expires: Instant,
    /// Seconds a copy may be used before looking again.
    pub ttl_seconds: u32,
    pub bits: StatusBits,
}

/// The payload that is signed as COSE_Sign1.
pub fn to_cwt_payload(claims: &StatusListClaims) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    write(&mut e, claims).expect("writing to memory does not fail");
    e.into_writer()
}

fn write(
    e: &mut Encoder<Vec<u8>>,
    claims: &StatusListClaims,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    e.map(5)?.i64(SUB)?.str(&claims.uri)?;
    e.i64(EXP)?.i64(claims.expires.as_seconds())?.i64(IAT)?.i64(claims.issued.as_seconds())?;
    e.i64(STATUS_LIST)?.map(2)?.str("bits")?.u8(1)?.str("lst")?.bytes(&claims.bits.compressed())?;
    e.i64(TTL)?.u32(claims.ttl_seconds)?;
    Ok(())
}

/// Reads a payload whose signature has been verified.
pub fn read_cwt(payload: &[u8]) -> Result<StatusListClaims, StatusListFault> {
    let (mut uri, mut issued, mut expires, mut ttl, mut list) = (None, None, None, None, None);
    let mut decoder = Decoder::new(payload);
    strict::map(&mut decoder, |label, value| {
        match label {
            Label::Int(SUB) => uri = Some(value.str()?.to_owned()),
            Label::Int(EXP) => expires = Some(Instant::from_seconds(value.i64()?)),
            Label::Int(IAT) => issued = Some(Instant::from_seconds(value.i64()?)),
            Label::Int(TTL) => ttl = Some(value.u32()?),
            Label::Int(STATUS_LIST) => list = one_bit_list(value)?,
            _ => strict::skip(value)?,
        }
        Ok(())
    })?;
    strict::at_end(&decoder)?;
    let (Some(uri), Some(issued), Some(expires), Some(list)) = (uri, issued, expires, list) else {
        return Err(StatusListFault::Malformed);
    };
    Ok(StatusListClaims { uri, issued, expires, ttl_seconds: ttl.unwrap_or(0), bits: StatusBits::inflate(&list)? })
}

fn one_bit_list(value: &mut Decoder<'_>) -> Result<Option<Vec<u8>>, CoseFault> {
    let (mut bits, mut list) = (None, None);
    strict::map(value, |label, value| {
        match label {
            Label::Text("bits") => bits = Some(value.u8()?),
            Label::Text("lst") => list = Some(value.bytes()?.to_vec()),
            _ => strict::skip(value)?,
        }
        Ok(())
    })?;
    Ok(list.filter(|_| bits == Some(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_round_trips() {
        let mut bits = StatusBits::new(1 << 16);
        bits.revoke(4_711).unwrap();
        let claims = StatusListClaims {
            uri: "http://127.0.0.1:8080/v1/status-lists/a".into(),
            issued: Instant::from_seconds(1_800_000_000),
            expires: Instant::from_seconds(1_800_003_600),
            ttl_seconds: 60,
            bits,
        };
        let payload = to_cwt_payload(&claims);
        assert!(payload.len() < 300, "{}", payload.len());
        assert_eq!(read_cwt(&payload), Ok(claims));
        assert_eq!(read_cwt(&payload[..40]), Err(StatusListFault::Malformed));
        assert_eq!(read_cwt(&[0xa0]), Err(StatusListFault::Malformed));
    }
}
