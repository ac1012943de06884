//! What is fuzzed: each takes bytes as they come. `fuzz/` gives the same to libFuzzer.

use dancu::crypto::cose::{Sign1, read_key_set};
use dancu::qr::card::CardText;
use dancu::qr::credential::{CwtClaims, pack, unpack};
use dancu::qr::image::read_qr;
use dancu::qr::status::read_cwt;

/// The text of printed cards.
pub fn card_text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(card) = CardText::parse(&text) {
        assert!(card.issued >= card.date_of_birth.earliest());
    }
}

/// Base45, zlib, CBOR, COSE and CWT.
pub fn credential(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(unpacked) = unpack(&text) {
        structure(&unpacked);
    }
    if bytes.len() < 2_000 {
        assert_eq!(unpack(&pack(bytes)).as_deref(), Ok(bytes));
    }
    structure(bytes);
}

fn structure(bytes: &[u8]) {
    if let Ok(signed) = Sign1::read(bytes) {
        claims(signed.payload);
    }
    let _ = read_key_set(bytes);
    let _ = read_cwt(bytes);
    claims(bytes);
}

fn claims(bytes: &[u8]) {
    if let Ok(claims) = CwtClaims::read(bytes) {
        assert_eq!(CwtClaims::read(&claims.to_payload()), Ok(claims));
    }
}

/// Uploaded pictures.
pub fn picture(bytes: &[u8]) {
    let _ = read_qr(bytes);
}
