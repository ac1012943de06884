use std::io::Write;

use image::ImageDecoder;

use super::*;

const TEXT: &str =
    "6BF+70390T9WJWG.FKY*4GO0.O1CV2 O5 N2FBBRW1*70HS8WY04AC*WIFN0AHCD8KD97TK0F90KECTHGWJC0FDC:5AIA%G7X+AQB9";

#[test]
fn drawn_symbols_are_read_back() {
    let symbol = Symbol::of_text(TEXT).unwrap();
    assert_eq!(read_qr(&symbol.draw(ImageKind::Png)).as_deref(), Ok(TEXT));
    let svg = symbol.to_svg();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>") && svg.matches("<path").count() == 2);
}

#[test]
fn the_largest_text_fits_and_one_more_does_not() {
    let largest = "A".repeat(4_296);
    assert!(Symbol::of_text(&largest).is_ok());
    assert_eq!(Symbol::of_text(&"A".repeat(4_297)).err(), Some(DrawFault::TooLong));
    assert_eq!(Symbol::of_text("lower").err(), Some(DrawFault::NotAlphanumeric));
}

#[test]
fn utf8_text_of_a_card_is_read_as_utf8() {
    let text = "097099000001|123456789|Nguyễn Văn An|15031999|Nam|Thôn 1, Xã A, Huyện B, Hà Nội|20052021";
    let code = qrcode::QrCode::new(text).unwrap();
    let side = code.width() as u32;
    let colors = code.to_colors();
    let picture = image::GrayImage::from_fn((side + 8) * 4, (side + 8) * 4, |x, y| {
        let (x, y) = (x / 4, y / 4);
        let inside = (4..side + 4).contains(&x) && (4..side + 4).contains(&y);
        let dark = inside && colors[((y - 4) * side + x - 4) as usize] == qrcode::Color::Dark;
        image::Luma([if dark { 0 } else { 255 }])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    assert_eq!(read_qr(file.get_ref()).as_deref(), Ok(text));
}

#[test]
fn hostile_pictures_are_named_before_they_cost_memory() {
    assert_eq!(read_qr(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Err(ImageFault::Format));
    assert_eq!(read_qr(b""), Err(ImageFault::Format));
    assert_eq!(read_qr(b"GIF89a\x01\x00\x01\x00"), Err(ImageFault::Format));
    assert_eq!(read_qr(&png_header(30_000, 30_000)), Err(ImageFault::TooManyPixels));
    assert_eq!(read_qr(&png_header(100, 100)), Err(ImageFault::Damaged));
    let mut blank = std::io::Cursor::new(Vec::new());
    image::GrayImage::new(300, 200).write_to(&mut blank, image::ImageFormat::Png).unwrap();
    assert_eq!(read_qr(blank.get_ref()), Err(ImageFault::NoSymbol));
}

/// A PNG that states its size and has no pixels.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_chunk(png::chunk::IDAT, &[0x78, 0x9c]).unwrap();
    file
}

fn png_of(picture: &image::GrayImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A picture with `across` × `down` finder patterns, each of 7 modules of one size.
fn patterns(across: u32, down: u32, module: u32) -> image::GrayImage {
    let (pitch, ring) = (9, |at: u32| u32::abs_diff(at, 4));
    image::GrayImage::from_fn(across * pitch * module, down * pitch * module, |x, y| {
        let distance = ring(x / module % pitch).max(ring(y / module % pitch));
        image::Luma([if matches!(distance, 0 | 1 | 3) { 0 } else { 255 }])
    })
}

#[test]
fn each_side_of_a_picture_is_bounded() {
    // As large as a picture may be, and once around the house if it is enlarged to be looked at.
    assert_eq!(read_qr(&png_header(12_600_000, 1)), Err(ImageFault::SideTooLong));
    assert_eq!(read_qr(&png_header(1, 12_600_000)), Err(ImageFault::SideTooLong));
    assert_eq!(read_qr(&png_header(8_193, 1_000)), Err(ImageFault::SideTooLong));
    for (width, height) in [(8_192, 1), (8_192, 20), (20, 8_192), (8_192, 30), (30, 8_192)] {
        let picture = image::GrayImage::from_fn(width, height, |x, y| image::Luma([(x * 7 + y * 13) as u8]));
        assert_eq!(read_qr(&png_of(&picture)), Err(ImageFault::NoSymbol), "{width}×{height}");
    }
}

/// A white picture with a colour profile of so many bytes.
fn with_profile(length: usize) -> Vec<u8> {
    let mut profile = flate2::write::ZlibEncoder::new(b"name\0\0".to_vec(), flate2::Compression::best());
    profile.write_all(&vec![b'a'; length]).unwrap();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 30, 30);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_chunk(png::chunk::iCCP, &profile.finish().unwrap()).unwrap();
    writer.write_image_data(&[255; 900]).unwrap();
    writer.finish().unwrap();
    file
}

#[test]
fn a_long_colour_profile_is_left_out() {
    let profile_of = |length| read::png(&with_profile(length)).unwrap().icc_profile().unwrap();
    assert_eq!(profile_of(100_000).map(|profile| profile.len()), Some(100_000));
    let long = with_profile(64 << 20);
    assert!(long.len() < 1 << 20);
    assert_eq!(profile_of(64 << 20), None);
    assert_eq!(read_qr(&long), Err(ImageFault::NoSymbol), "and the picture is read");
}

#[test]
fn a_small_symbol_is_still_enlarged() {
    let symbol = image::load_from_memory(&Symbol::of_text(TEXT).unwrap().to_png()).unwrap().into_luma8();
    let small = image::imageops::thumbnail(&symbol, symbol.width() / 4, symbol.height() / 4);
    assert!(small.width() < 100);
    assert_eq!(read_qr(&png_of(&small)).as_deref(), Ok(TEXT));
}

#[test]
fn the_work_on_a_picture_full_of_corners_is_bounded() {
    let crowded = patterns(60, 40, 4);
    assert_eq!(read_qr(&png_of(&crowded)), Err(ImageFault::TooManyPatterns));
    let mut search = search::Search::begin();
    assert_eq!(search.looks(&crowded), None);
    assert_eq!((search.tries, search.given_up), (0, Some(ImageFault::TooManyPatterns)));
    // As many as are looked at: each with its neighbours would be fifty thousand symbols.
    let full = patterns(30, 30, 4);
    let mut search = search::Search::begin();
    assert_eq!(search.looks(&full), None);
    assert!((1..=5_000).contains(&search.tries), "{}", search.tries);
    assert!(search.given_up.is_some());
}

/// One picture above another of the same width.
fn stacked(upper: &image::GrayImage, lower: &image::GrayImage) -> image::GrayImage {
    let mut both = image::GrayImage::new(upper.width(), upper.height() + lower.height());
    image::imageops::replace(&mut both, upper, 0, 0);
    image::imageops::replace(&mut both, lower, 0, i64::from(upper.height()));
    both
}

#[test]
fn one_symbol_among_a_few_corners_is_read() {
    let symbol = image::load_from_memory(&Symbol::of_text(TEXT).unwrap().to_png()).unwrap().into_luma8();
    let mut picture = patterns(20, 1, 4);
    let beside = image::GrayImage::from_pixel(picture.width(), 600, image::Luma([255]));
    picture = stacked(&picture, &beside);
    image::imageops::replace(&mut picture, &symbol, 100, 100);
    assert_eq!(read_qr(&png_of(&picture)).as_deref(), Ok(TEXT));
}
