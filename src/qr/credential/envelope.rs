//! From bytes to the text a QR carries, and back.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::base45;

/// The most characters of alphanumeric mode a QR holds (version 40, level L).
pub const MAX_TEXT: usize = 4_296;
/// Bytes after inflating. A credential with a photo of 1.5 KB has under 2 500; more is a bomb.
pub const MAX_BYTES: usize = 8_192;

/// Why a text holds no envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeFault {
    #[error("not base45")]
    Base45,
    #[error("not zlib data")]
    Zlib,
    /// Longer, before or after inflating, than any credential.
    #[error("too large for a credential")]
    TooLarge,
}

/// Compresses and writes as base45.
///
/// Never with a stored block, which compressors emit for input they cannot shorten (a signature, a
/// photo) and which a reader in the field refuses.
pub fn pack(bytes: &[u8]) -> String {
    let compressed = deflate(bytes);
    // Input of this size makes one block; its type is in bits 1 and 2 after the two-byte header.
    let stored = compressed.get(2).is_none_or(|first| first >> 1 & 3 == 0);
    if stored { base45::encode(&literals(bytes)) } else { base45::encode(&compressed) }
}

/// zlib data at the fastest level: a higher one saves a byte of two hundred and takes four times as
/// long; empty if the compressor did not come to its end.
fn deflate(bytes: &[u8]) -> Vec<u8> {
    DEFLATER.with_borrow_mut(|deflater| {
        deflater.reset();
        // More than the compressor's own bound for input it cannot shorten.
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8 + 64);
        match deflater.compress_vec(bytes, &mut out, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => out,
            _ => Vec::new(),
        }
    })
}

/// The same bytes as zlib data of one block of literals under the fixed codes (RFC 1951 section
/// 3.2.6): about 5 % longer than stored.
fn literals(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let (mut bits, mut filled) = (0b011_u32, 3_u32);
    let mut push = |code: u32, length: u32| {
        bits |= (code.reverse_bits() >> (32 - length)) << filled;
        filled += length;
        while filled >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            filled -= 8;
        }
    };
    for byte in bytes {
        match u32::from(*byte) {
            low @ 0..=143 => push(0x30 + low, 8),
            high => push(0x190 + high - 144, 9),
        }
    }
    // End of block is seven zero bits; seven more fill its last byte and no whole one beyond.
    push(0, 7);
    push(0, 7);
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    out.extend_from_slice(&(high << 16 | low).to_be_bytes());
    out
}

thread_local! {
    /// Either takes microseconds for a credential; making the window anew would take longer.
    static DEFLATER: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), true));
    static INFLATER: RefCell<Decompress> = RefCell::new(Decompress::new(true));
}

/// Reads base45, inflates to no more than [`MAX_BYTES`], and refuses bytes left over.
pub fn unpack(text: &str) -> Result<Vec<u8>, EnvelopeFault> {
    if text.len() > MAX_TEXT {
        return Err(EnvelopeFault::TooLarge);
    }
    let compressed = base45::decode(text).ok_or(EnvelopeFault::Base45)?;
    INFLATER.with_borrow_mut(|inflater| {
        inflater.reset(true);
        let mut bytes = Vec::with_capacity(MAX_BYTES);
        match inflater.decompress_vec(&compressed, &mut bytes, FlushDecompress::Finish) {
            Ok(Status::StreamEnd) if inflater.total_in() == compressed.len() as u64 => Ok(bytes),
            Ok(Status::Ok | Status::BufError) if bytes.len() >= MAX_BYTES => Err(EnvelopeFault::TooLarge),
            _ => Err(EnvelopeFault::Zlib),
        }
    })
}
