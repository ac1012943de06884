//! The outside of a workbook, looked at before anything inside is believed: a workbook is a ZIP
//! archive of XML, and both can claim to be of any size.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::fault::FileFault;
use super::metered::Part;

/// Most bytes of all parts together, unpacked. A full file of the portal's form has some 15 MB.
pub const MOST_UNPACKED: u64 = 64 * 1024 * 1024;
const MOST_PARTS: usize = 256;
/// Most texts that a workbook may say it shares between its cells.
const MOST_SHARED: u64 = 1_000_000;
/// Most tags of all parts: of each the reader of workbooks may keep something. A full file of the portal's
/// form has two millions.
const MOST_TAGS: usize = 5_000_000;
/// Most tags of the parts of which it keeps most: a workbook can have 65 490 formats, and few have a thousandth
/// of it.
const MOST_TAGS_OF_STYLES: usize = 250_000;
const MOST_TAGS_OF_LINKS: usize = 20_000;
const ZIP: &[u8] = b"PK\x03\x04";
/// One for each part stands at the end of an archive.
const ENTRY: &[u8] = b"PK\x01\x02";
/// Compound File Binary ([MS-CFB]): old workbooks, and the wrapping of locked ones ([MS-OFFCRYPTO]).
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Refuses what is no workbook, is locked, or is larger than it may be; else gives its parts, as large as
/// they are.
pub fn check(bytes: &[u8]) -> Result<Vec<Part>, FileFault> {
    if bytes.starts_with(COMPOUND) {
        let locked: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let is_locked = bytes.windows(locked.len()).any(|window| window == locked);
        return Err(if is_locked { FileFault::Locked } else { FileFault::OldWorkbook });
    }
    if !bytes.starts_with(ZIP) {
        return Err(FileFault::NoWorkbook);
    }
    // Before the library makes room for each.
    if bytes.windows(ENTRY.len()).filter(|window| *window == ENTRY).nth(MOST_PARTS).is_some() {
        return Err(FileFault::TooLarge);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| FileFault::NoWorkbook)?;
    if archive.len() > MOST_PARTS {
        return Err(FileFault::TooLarge);
    }
    let overlap = archive.has_overlapping_entries().map_err(|_| FileFault::NoWorkbook)?;
    if overlap || archive.has_duplicate_names() {
        return Err(FileFault::PartsOverlap);
    }
    let mut left = Left { bytes: MOST_UNPACKED, tags: MOST_TAGS };
    let mut parts = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| FileFault::NoWorkbook)?;
        let name = part.name().map_err(|_| FileFault::NoWorkbook)?.to_ascii_lowercase();
        let start = part.data_start().ok_or(FileFault::NoWorkbook)?;
        parts.push(Part { start, unpacked: unpack(part, &name, &mut left)? });
    }
    Ok(parts)
}

/// What the parts that are still to be unpacked may have.
struct Left {
    bytes: u64,
    tags: usize,
}

impl Left {
    fn take(&mut self, bytes: usize, tags: usize) -> Result<(), FileFault> {
        self.bytes = self.bytes.checked_sub(bytes as u64).ok_or(FileFault::TooLarge)?;
        self.tags = self.tags.checked_sub(tags).ok_or(FileFault::TooManyCells)?;
        Ok(())
    }
}

/// Unpacks a part piece by piece, keeping none, and gives its true length.
fn unpack(mut part: impl Read, name: &str, left: &mut Left) -> Result<u64, FileFault> {
    const CLAIM: &[u8] = b"uniqueCount";
    let is_links = name.ends_with(".rels");
    let is_xml = is_links || name.ends_with(".xml");
    let mut own_tags = match name.rsplit(['/', '\\']).next() {
        _ if is_links => MOST_TAGS_OF_LINKS,
        Some("styles.xml") => MOST_TAGS_OF_STYLES,
        _ => MOST_TAGS,
    };
    let (mut length, mut piece, mut kept) = (0_u64, vec![0; 64 * 1024], 0);
    loop {
        // What a claim and its number take is looked at again with the next piece.
        let read = part.read(&mut piece[kept..]).map_err(|_| FileFault::NoWorkbook)?;
        if read == 0 {
            return Ok(length);
        }
        length += read as u64;
        let seen = kept + read;
        let tags = piece[kept..seen].iter().filter(|byte| **byte == b'<').count();
        left.take(read, tags)?;
        own_tags = own_tags.checked_sub(tags).ok_or(FileFault::TooManyCells)?;
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
