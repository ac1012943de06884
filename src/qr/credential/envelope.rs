//! From bytes to the text a QR carries, and back.

use std::cell::RefCell;

use flate2::{Decompress, FlushDecompress, Status};

use super::base45;
use super::deflate::deflate;

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
pub fn pack(bytes: &[u8]) -> String {
    base45::encode(&deflate(bytes))
}

thread_local! {
    /// It takes microseconds for a credential; making the window anew would take longer.
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
