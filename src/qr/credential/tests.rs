use super::*;
use crate::crypto::cose::{self, Sign1};
use crate::crypto::{Algorithm, SigningKey, VerifyingKey};
use crate::kernel::Instant;

fn full() -> CwtClaims {
    CwtClaims {
        issuer: Some("http://127.0.0.1:8080".into()),
        audience: Some("hotel".into()),
        expires: Some(Instant::from_seconds(1_800_000_060)),
        not_before: Some(Instant::from_seconds(1_800_000_000)),
        issued: Some(Instant::from_seconds(1_800_000_000)),
        id: Some(vec![7; 16]),
        confirmation: Some(cose::cose_key(b"k", &VerifyingKey::new(Algorithm::Ed25519, &[9; 32]).unwrap())),
        person: Claim169 {
            id: Some("097099000001".into()),
            version: Some("1.0".into()),
            language: Some("vie".into()),
            full_name: Some("Nguyễn Văn An".into()),
            date_of_birth: Some("19990315".into()),
            gender: Some(Gender::Male),
            address: Some("Thôn 1, Xã A".into()),
            nationality: Some("VNM".into()),
            marital_status: Some(Marital::Married),
            photo: Some(Portrait { format: PortraitFormat::Webp, data: vec![3; 1_500] }),
            ..Claim169::default()
        },
        residence: None,
        status: Some(StatusReference { index: 12_345, uri: "http://127.0.0.1:8080/v1/status-lists/a".into() }),
    }
}

fn key() -> SigningKey {
    SigningKey::from_pkcs8(Algorithm::Ed25519, &SigningKey::generate_pkcs8(Algorithm::Ed25519).unwrap()).unwrap()
}

#[test]
fn a_credential_round_trips_through_the_qr_text() {
    let key = key();
    let signed = cose::sign(&key, b"kid", &full().to_payload());
    let text = pack(&signed);
    assert!(text.len() < MAX_TEXT);
    let bytes = unpack(&text).unwrap();
    let read = Sign1::read(&bytes).unwrap();
    assert_eq!(read.verify(&key.verifying_key()), Ok(()));
    assert_eq!(CwtClaims::read(read.payload), Ok(full()));
}

#[test]
fn small_credentials_leave_out_what_is_not_there() {
    let small =
        CwtClaims { person: Claim169 { full_name: Some("Y".into()), ..Claim169::default() }, ..CwtClaims::default() };
    let payload = small.to_payload();
    assert_eq!(payload, [0xa1, 0x18, 0xa9, 0xa1, 0x04, 0x61, b'Y']);
    assert_eq!(CwtClaims::read(&payload), Ok(small));
    assert_eq!(CwtClaims::read(&[0xa0]), Err(CwtFault::NoClaim169));
}

#[test]
fn wrapped_and_text_labelled_maps_of_others_are_read() {
    let wrapped = [0xa1, 0x18, 0xa9, 0x44, 0xa1, 0x04, 0x61, b'Y'];
    assert_eq!(CwtClaims::read(&wrapped).unwrap().person.full_name.as_deref(), Some("Y"));
    let texted = [0xa1, 0x18, 0xa9, 0xa1, 0x61, b'4', 0x61, b'Y'];
    assert_eq!(CwtClaims::read(&texted).unwrap().person.full_name.as_deref(), Some("Y"));
}

#[test]
fn bombs_and_garbage_are_refused() {
    let bomb = pack(&vec![0; 1_000_000]);
    assert_eq!(unpack(&bomb), Err(EnvelopeFault::TooLarge));
    assert_eq!(unpack(&"A".repeat(MAX_TEXT + 1)), Err(EnvelopeFault::TooLarge));
    assert_eq!(unpack("lower case"), Err(EnvelopeFault::Base45));
    assert_eq!(unpack(&super::base45::encode(b"not zlib")), Err(EnvelopeFault::Zlib));
    let text = pack(b"whole");
    let mut longer = super::base45::decode(&text).unwrap();
    longer.push(0);
    assert_eq!(unpack(&super::base45::encode(&longer)), Err(EnvelopeFault::Zlib));
    assert_eq!(unpack(&text[..text.len() / 3 * 3 - 3]), Err(EnvelopeFault::Zlib));
    assert_eq!(unpack(&text[..text.len() / 3 * 3 - 2]), Err(EnvelopeFault::Base45));
}

#[test]
fn no_length_is_packed_into_a_stored_block() {
    // Block type is in bits 1–2 of the byte after the two-byte zlib header; 0 is stored.
    for length in 0..300 {
        let noise: Vec<u8> = (0..length).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let text = pack(&noise);
        let first = super::base45::decode(&text).unwrap()[2];
        assert_ne!(first >> 1 & 3, 0, "{length} bytes");
        assert_eq!(unpack(&text), Ok(noise), "{length} bytes");
    }
}

fn trusted(key: &SigningKey, issuer: &str) -> Vec<TrustedIssuer> {
    vec![TrustedIssuer { issuer: issuer.into(), keys: vec![(b"kid".to_vec(), key.verifying_key())] }]
}

#[test]
fn every_verdict_short_of_status_and_replay() {
    use CredentialStatus::{BadSignature, Expired, NotYetValid, UnknownIssuer, Valid, WrongAudience};
    let key = key();
    let issuer = "http://127.0.0.1:8080";
    let unbound = CwtClaims { confirmation: None, ..full() };
    let text = pack(&cose::sign(&key, b"kid", &unbound.to_payload()));
    let at = |seconds, reader: Option<&str>, issuers: &[TrustedIssuer]| {
        verify(&text, issuers, reader, Instant::from_seconds(seconds))
            .map(|verdict| (verdict.status, verdict.claims.is_some()))
    };
    let good = trusted(&key, issuer);
    let inside = 1_800_000_010;
    assert_eq!(at(inside, Some("hotel"), &good), Ok((Valid, true)));
    assert_eq!(at(inside, Some("bank"), &good), Ok((WrongAudience, true)));
    assert_eq!(at(inside, None, &good), Ok((WrongAudience, true)));
    assert_eq!(at(1_800_000_060, Some("hotel"), &good), Ok((Expired, true)));
    assert_eq!(at(1_799_999_969, Some("hotel"), &good), Ok((NotYetValid, true)));
    assert_eq!(at(inside, Some("hotel"), &[]), Ok((UnknownIssuer, false)));
    assert_eq!(at(inside, Some("hotel"), &trusted(&key, "https://else.example")), Ok((UnknownIssuer, false)));
    assert_eq!(at(inside, Some("hotel"), &trusted(&self::key(), issuer)), Ok((BadSignature, false)));
    assert!(verify("097099000001|", &good, None, Instant::from_seconds(inside)).is_err());
}

#[test]
fn a_credential_without_an_end_is_expired() {
    let key = key();
    let endless = CwtClaims { expires: None, audience: None, ..full() };
    let text = pack(&cose::sign(&key, b"kid", &endless.to_payload()));
    let verdict = verify(&text, &trusted(&key, "http://127.0.0.1:8080"), None, Instant::from_seconds(1_800_000_010));
    assert_eq!(verdict.unwrap().status, CredentialStatus::Expired);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
        let _ = CwtClaims::read(&bytes);
        let _ = Sign1::read(&bytes);
        let _ = unpack(&super::base45::encode(&bytes));
    }
}
