//! Credentials: from text to verdict, beside ring's bare verification in the same run.

use dancu::crypto::{Algorithm, SigningKey, cose};
use dancu::kernel::Instant;
use dancu::qr::credential::{Claim169, CwtClaims, Gender, TrustedIssuer, pack, verify};
use dancu::qr::image::Symbol;

fn main() {
    divan::main();
}

fn key() -> SigningKey {
    let der = SigningKey::generate_pkcs8(Algorithm::Ed25519).expect("a key");
    SigningKey::from_pkcs8(Algorithm::Ed25519, &der).expect("a key")
}

fn claims() -> CwtClaims {
    CwtClaims {
        issuer: Some("https://dancu.example".into()),
        audience: Some("hotel".into()),
        expires: Some(Instant::from_seconds(1_800_000_060)),
        not_before: Some(Instant::from_seconds(1_800_000_000)),
        issued: Some(Instant::from_seconds(1_800_000_000)),
        id: Some(vec![7; 16]),
        person: Claim169 {
            id: Some("097099000001".into()),
            full_name: Some("Nguyễn Văn An".into()),
            date_of_birth: Some("19990315".into()),
            gender: Some(Gender::Male),
            address: Some("Thôn 1, Xã A".into()),
            nationality: Some("VNM".into()),
            ..Claim169::default()
        },
        ..CwtClaims::default()
    }
}

#[divan::bench]
fn bare_ed25519_verification(bencher: divan::Bencher) {
    let key = key();
    let payload = claims().to_payload();
    let signature = key.sign(&payload);
    let public = key.verifying_key();
    bencher.bench(|| public.verify(&payload, &signature));
}

/// `frequent` is how the service holds its own keys, `false` how a reader without a server holds the issuer's.
#[divan::bench(args = [true, false])]
fn text_to_verdict(bencher: divan::Bencher, frequent: bool) {
    let key = key();
    let text = pack(&cose::sign(&key, b"kid", &claims().to_payload()));
    let public = key.verifying_key();
    let public = if frequent { public.frequent() } else { public };
    let issuers = [TrustedIssuer { issuer: "https://dancu.example".into(), keys: vec![(b"kid".to_vec(), public)] }];
    bencher.bench(|| verify(&text, &issuers, Some("hotel"), Instant::from_seconds(1_800_000_001)));
}

#[divan::bench]
fn bare_ed25519_signing(bencher: divan::Bencher) {
    let key = key();
    let payload = claims().to_payload();
    bencher.bench(|| key.sign(&payload));
}

#[divan::bench]
fn claims_to_text(bencher: divan::Bencher) {
    let key = key();
    let claims = claims();
    bencher.bench(|| pack(&cose::sign(&key, b"kid", &claims.to_payload())));
}

#[divan::bench]
fn text_to_svg(bencher: divan::Bencher) {
    let text = pack(&cose::sign(&key(), b"kid", &claims().to_payload()));
    bencher.bench(|| Symbol::of_text(&text).map(|symbol| symbol.to_svg()));
}
