//! Reads drawn photos of QR symbols, hard ones and large ones, and says which were read and how
//! fast: `cargo run --release --example qr_photos [-- DIR]`; the photos are kept in DIR.

#[path = "../tests/support/photos.rs"]
mod photos;

use std::path::PathBuf;
use std::time::Instant;

use dancu::crypto::{Algorithm, SigningKey, cose};
use dancu::qr::credential::{Claim169, CwtClaims, Gender, Portrait, PortraitFormat, pack};
use dancu::qr::image::{Symbol, read_qr};
use image::GrayImage;
use photos::{Shot, hard, pixels};

const CARD: &str =
    "097099000001|970000001|Nguyễn Văn An|15031999|Nam|Số 1, đường Bà Triệu, Phường Ba Đình, Hà Nội|01082024||||";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let key = SigningKey::from_pkcs8(Algorithm::Ed25519, &SigningKey::generate_pkcs8(Algorithm::Ed25519)?)?;
    let signed = |photo| pack(&cose::sign(&key, b"sample-key1", &claims(photo).to_payload()));
    let noise = (0..1_500_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let (plain, portrait) = (signed(None), signed(Some(Portrait { format: PortraitFormat::Webp, data: noise })));
    let symbols: [(&str, String, GrayImage); 3] = [
        ("card", CARD.to_owned(), card()),
        ("credential", plain.clone(), pixels(&Symbol::of_text(&plain)?.to_png())),
        ("credential with a photo", portrait.clone(), pixels(&Symbol::of_text(&portrait)?.to_png())),
    ];
    println!("| photo | {} |", symbols.each_ref().map(|(name, ..)| *name).join(" | "));
    println!("|---|---|---|---|");
    let mut shots = hard();
    let sizes = [("2 megapixels", 1_632, 1_224), ("12 megapixels", 4_032, 3_024)];
    for (name, width, height) in sizes {
        let good = Shot { degrees: 12.0, lean: (0.2, 0.1), noise: 12, blur: 1.0, ..Shot::default() };
        shots.push((name, good.of_size(width, height)));
    }
    for (name, shot) in shots {
        let mut cells = Vec::new();
        for (kind, text, symbol) in &symbols {
            let file = shot.take(symbol);
            if let Some(folder) = &folder {
                std::fs::create_dir_all(folder)?;
                std::fs::write(folder.join(format!("{kind}, {name}.jpeg")), &file)?;
            }
            let began = Instant::now();
            let read = read_qr(&file);
            let took = began.elapsed().as_millis();
            cells.push(if read.as_ref() == Ok(text) { format!("{took} ms") } else { format!("— ({took} ms)") });
        }
        println!("| {name} | {} |", cells.join(" | "));
    }
    Ok(())
}

fn card() -> GrayImage {
    let code = qrcode::QrCode::with_error_correction_level(CARD, qrcode::EcLevel::M).expect("a card's text fits");
    let (side, colors) = (code.width() as u32, code.to_colors());
    GrayImage::from_fn((side + 8) * 4, (side + 8) * 4, |x, y| {
        let (x, y) = ((x / 4).wrapping_sub(4), (y / 4).wrapping_sub(4));
        let dark = x < side && y < side && colors[(y * side + x) as usize] == qrcode::Color::Dark;
        image::Luma([if dark { 0 } else { 255 }])
    })
}

fn claims(photo: Option<Portrait>) -> CwtClaims {
    use dancu::kernel::Instant;
    CwtClaims {
        issuer: Some("https://dancu.example".into()),
        expires: Some(Instant::from_seconds(4_000_000_000)),
        issued: Some(Instant::from_seconds(1_700_000_000)),
        id: Some((1..=16).collect()),
        person: Claim169 {
            id: Some("097099000001".into()),
            full_name: Some("Nguyễn Văn An".into()),
            date_of_birth: Some("19990315".into()),
            gender: Some(Gender::Male),
            photo,
            ..Claim169::default()
        },
        ..CwtClaims::default()
    }
}
