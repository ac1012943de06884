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
