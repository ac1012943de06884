//! The outside of a workbook, looked at before anything inside is believed: a workbook is a ZIP
//! archive of XML, and both can claim to be of any size.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::fault::FileFault;

/// Most bytes of all parts together, unpacked. A full file of the portal's form has some 15 MB.
const MOST_UNPACKED: u64 = 64 * 1024 * 1024;
const MOST_PARTS: usize = 256;
/// Most texts that a workbook may say it shares between its cells.
const MOST_SHARED: u64 = 1_000_000;
const ZIP: &[u8] = b"PK\x03\x04";
/// Compound File Binary ([MS-CFB]): old workbooks, and the wrapping of locked ones ([MS-OFFCRYPTO]).
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Refuses what is no workbook, is locked, or is larger than it may be.
pub fn check(bytes: &[u8]) -> Result<(), FileFault> {
    if bytes.starts_with(COMPOUND) {
        let locked: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let is_locked = bytes.windows(locked.len()).any(|window| window == locked);
        return Err(if is_locked { FileFault::Locked } else { FileFault::OldWorkbook });
    }
    if !bytes.starts_with(ZIP) {
        return Err(FileFault::NoWorkbook);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| FileFault::NoWorkbook)?;
    if archive.len() > MOST_PARTS {
        return Err(FileFault::TooLarge);
    }
    let mut left = MOST_UNPACKED;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| FileFault::NoWorkbook)?;
        let name = part.name().map_err(|_| FileFault::NoWorkbook)?.to_ascii_lowercase();
        let is_xml = name.ends_with(".xml") || name.ends_with(".rels");
        left = left.checked_sub(unpack(part, left, is_xml)?).ok_or(FileFault::TooLarge)?;
    }
    Ok(())
}

/// Unpacks a part piece by piece, keeping none, and gives its true length.
fn unpack(mut part: impl Read, most: u64, is_xml: bool) -> Result<u64, FileFault> {
    const CLAIM: &[u8] = b"uniqueCount";
    let (mut length, mut piece, mut kept) = (0_u64, vec![0; 64 * 1024], 0);
    loop {
        // What a claim and its number take is looked at again with the next piece.
        let read = part.read(&mut piece[kept..]).map_err(|_| FileFault::NoWorkbook)?;
        if read == 0 {
            return Ok(length);
        }
        length += read as u64;
        if length > most {
            return Err(FileFault::TooLarge);
        }
        let seen = kept + read;
        // No XML has these, but in other encodings, in which the claims below could hide.
        if is_xml && piece[kept..seen].iter().any(|byte| *byte < b' ' && !byte.is_ascii_whitespace()) {
            return Err(FileFault::NoWorkbook);
        }
        let mut claims = piece[..seen].windows(CLAIM.len()).enumerate().filter(|(_, window)| *window == CLAIM);
        if claims.any(|(at, _)| !is_modest(&piece[at + CLAIM.len()..seen])) {
            return Err(FileFault::TooLarge);
        }
        kept = seen.min(64);
        piece.copy_within(seen - kept..seen, 0);
    }
}

/// Whether the number of an attribute is one to make room for, which the reader of workbooks does
/// before it has seen a single text. What is cut off by the piece's end comes again whole.
fn is_modest(after_name: &[u8]) -> bool {
    let near = &after_name[..after_name.len().min(40)];
    let quote = near.iter().take(16).position(|byte| matches!(byte, b'"' | b'\''));
    let Some(quote) = quote else { return near.len() < 16 };
    let digits = near[quote + 1..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))) <= MOST_SHARED
}
