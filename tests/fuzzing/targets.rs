//! What is fuzzed: each takes bytes as they come. `fuzz/` gives the same to libFuzzer.

use dancu::crypto::cose::{Sign1, read_key_set};
use dancu::kernel::{Faults, Language, LegalBasis, ProcedureCode, Purpose};
use dancu::qr::card::CardText;
use dancu::qr::credential::{CwtClaims, pack, unpack};
use dancu::qr::image::read_qr;
use dancu::qr::status::read_cwt;
use dancu::stays::formats::{Format, Refused, read_records, read_table, write_refused};

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

/// Files of guests, taken for each format. The file of refused rows can be read again, whole.
pub fn stays_file(bytes: &[u8]) {
    let facility = "abcdefghijklmnopabcdefghijklmnop".parse().ok();
    for format in Format::ALL {
        let read = |bytes: &[u8]| match format {
            Format::Csv | Format::Xlsx => read_table(format, bytes, facility),
            Format::Json | Format::Ndjson => read_records(format, bytes, |_| Err(Faults::default())),
        };
        let Ok(file) = read(bytes) else { continue };
        let refused: Vec<Refused<'_>> = file
            .rows
            .iter()
            .filter_map(|row| Some((row, row.notice.as_ref().err()?)))
            .map(|(row, faults)| Refused { given: &row.given, faults: faults.iter().collect() })
            .collect();
        let purpose = Purpose {
            procedure: ProcedureCode::parse("2.001159").unwrap(),
            legal_basis: LegalBasis::parse(LegalBasis::STAY_NOTIFICATION).unwrap(),
            officer: None,
            consent: None,
        };
        let written = write_refused((format, &file.layout), &refused, &purpose, Language::Vi).unwrap();
        if !refused.is_empty() && matches!(format, Format::Csv | Format::Xlsx) {
            let again = read_table(format, &written, facility);
            assert!(again.is_ok_and(|again| again.rows.len() == refused.len()), "{format:?}");
        }
    }
}
