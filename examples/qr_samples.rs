//! Writes credentials about an invented person, with the key that verifies them, for decoders that
//! are not ours: `cargo run --example qr_samples -- DIR` (see `scripts/interop`).

use std::path::PathBuf;

use dancu::crypto::jose::JwkSet;
use dancu::crypto::{Algorithm, SigningKey, cose};
use dancu::kernel::Instant;
use dancu::qr::credential::{Claim169, CwtClaims, Gender, Marital, Portrait, PortraitFormat, pack};
use dancu::qr::image::Symbol;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    std::fs::create_dir_all(&folder)?;
    let key = SigningKey::from_pkcs8(Algorithm::Ed25519, &SigningKey::generate_pkcs8(Algorithm::Ed25519)?)?;
    let small = claims(None);
    // Bytes that no compressor shortens, as in a photo.
    let mut state = 88_172_645_463_325_252_u64;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    });
    let noise = noise.take(1_500).collect();
    let with_photo = claims(Some(Portrait { format: PortraitFormat::Webp, data: noise }));
    let holder = SigningKey::from_pkcs8(Algorithm::P256, &SigningKey::generate_pkcs8(Algorithm::P256)?)?;
    let bound = CwtClaims { confirmation: Some(cose::holder_key(&holder.verifying_key())), ..claims(None) };
    for (name, claims) in [("plain", small), ("photo", with_photo), ("holder", bound)] {
        let mut signed = cose::sign(&key, b"sample-key", &claims.to_payload());
        if name == "holder" {
            let (audience, at) = ("hotel".to_owned(), Instant::from_seconds(1_800_000_000));
            let shown = cose::Countersigned { audience, at, nonce: Some("7301".to_owned()) };
            signed = cose::countersigned(&signed, &holder, &shown)?;
        }
        let text = pack(&signed);
        std::fs::write(folder.join(format!("{name}.png")), Symbol::of_text(&text)?.to_png())?;
        std::fs::write(folder.join(format!("{name}.txt")), text)?;
    }
    let keys = JwkSet::of([("sample-key".to_owned(), key.verifying_key())]);
    std::fs::write(folder.join("keys.json"), serde_json::to_vec(&keys)?)?;
    let hex: String = key.verifying_key().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(folder.join("key.hex"), hex)?;
    Ok(())
}

fn claims(photo: Option<Portrait>) -> CwtClaims {
    CwtClaims {
        issuer: Some("https://dancu.example".into()),
        expires: Some(Instant::from_seconds(4_000_000_000)),
        not_before: Some(Instant::from_seconds(1_700_000_000)),
        issued: Some(Instant::from_seconds(1_700_000_000)),
        id: Some(vec![7; 16]),
        person: Claim169 {
            id: Some("097099000001".into()),
            version: Some("1.0".into()),
            language: Some("vie".into()),
            full_name: Some("Nguyễn Văn An".into()),
            date_of_birth: Some("19990315".into()),
            gender: Some(Gender::Male),
            address: Some("Số 1, đường Bà Triệu, Phường Ba Đình, Thành phố Hà Nội".into()),
            nationality: Some("VNM".into()),
            marital_status: Some(Marital::Unmarried),
            photo,
            ..Claim169::default()
        },
        ..CwtClaims::default()
    }
}
