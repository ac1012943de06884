//! The compressed array of one bit a credential.

use std::io::{Read, Write};

use flate2::read::ZlibDecoder;
use flate2::{Compression, write::ZlibEncoder};

/// Why a status list cannot be used. A list that cannot be used never means "valid".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusListFault {
    #[error("not a status list")]
    Malformed,
    #[error("the list's signature does not verify")]
    BadSignature,
    #[error("the list is expired")]
    Expired,
    #[error("the list is another one than the credential names")]
    OtherList,
    #[error("the list was made before the credential, and says nothing about it")]
    TooOld,
    #[error("the list has no entry of this index")]
    OutOfRange,
}

/// One bit for each index, 1 = revoked (`INVALID`). The least significant bit of a byte comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusBits(Vec<u8>);

/// Bytes a list may inflate to: 16 million credentials.
const MAX_BYTES: u64 = 2 << 20;

impl StatusBits {
    /// All valid; `capacity` is rounded up to whole bytes.
    pub fn new(capacity: u32) -> Self {
        Self(vec![0; capacity.div_ceil(8) as usize])
    }

    pub fn capacity(&self) -> u64 {
        self.0.len() as u64 * 8
    }

    pub fn revoke(&mut self, index: u64) -> Result<(), StatusListFault> {
        let byte = self.0.get_mut((index / 8) as usize).ok_or(StatusListFault::OutOfRange)?;
        *byte |= 1 << (index % 8);
        Ok(())
    }

    pub fn is_revoked(&self, index: u64) -> Result<bool, StatusListFault> {
        let byte = self.0.get((index / 8) as usize).ok_or(StatusListFault::OutOfRange)?;
        Ok(byte >> (index % 8) & 1 == 1)
    }

    /// zlib data, as `lst` carries it.
    pub fn compressed(&self) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&self.0).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
    }

    /// Inflates `lst`, within bounds.
    pub fn inflate(compressed: &[u8]) -> Result<Self, StatusListFault> {
        let mut bytes = Vec::new();
        ZlibDecoder::new(compressed)
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| StatusListFault::Malformed)?;
        if bytes.len() as u64 > MAX_BYTES { Err(StatusListFault::Malformed) } else { Ok(Self(bytes)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drafts_example_of_one_bit() {
        // Section 4.1 of the draft: sixteen statuses become the bytes 0xB9 0xA3.
        let mut bits = StatusBits::new(16);
        for index in [0, 3, 4, 5, 7, 8, 9, 13, 15] {
            bits.revoke(index).unwrap();
        }
        assert_eq!(bits.0, [0xb9, 0xa3]);
        assert_eq!(StatusBits::inflate(&bits.compressed()), Ok(bits.clone()));
        assert_eq!(bits.is_revoked(3), Ok(true));
        assert_eq!(bits.is_revoked(1), Ok(false));
        assert_eq!(bits.is_revoked(16), Err(StatusListFault::OutOfRange));
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = StatusBits(vec![0; 3 << 20]).compressed();
        assert_eq!(StatusBits::inflate(&bomb), Err(StatusListFault::Malformed));
        assert_eq!(StatusBits::inflate(b"junk"), Err(StatusListFault::Malformed));
    }
}
