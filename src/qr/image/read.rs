//! Finding a QR symbol in an uploaded picture.

use std::collections::HashSet;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::imageops::FilterType;
use image::{GrayImage, ImageFormat, ImageReader, Limits};
use rxing::{BarcodeFormat, DecodeHints};

/// The largest picture that is decoded: 12 megapixels as phones count them (4 032 × 3 024).
pub const MAX_PIXELS: u64 = 12_600_000;
/// Bytes a decoder may take: the pixels in four channels, and as much again to work in.
const MAX_MEMORY: u64 = MAX_PIXELS * 8;
/// The longer side of the first, cheap look.
const FIRST_LOOK: u32 = 1_200;

/// Why no text was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageFault {
    /// Neither PNG nor JPEG nor WebP, whatever its name says.
    #[error("not a PNG, JPEG or WebP picture")]
    Format,
    #[error("the picture has more than 12 megapixels")]
    TooManyPixels,
    #[error("the picture is damaged")]
    Damaged,
    #[error("no QR symbol was found")]
    NoSymbol,
}

/// Reads the text of the QR symbol in a picture. Takes up to seconds for a hard photo: run it on a
/// bounded pool.
pub fn read_qr(bytes: &[u8]) -> Result<String, ImageFault> {
    // The decoders are other people's code on a stranger's bytes: a panic in one is a bad picture.
    catch_unwind(AssertUnwindSafe(|| {
        let picture = decode(bytes)?;
        looks(&picture).ok_or(ImageFault::NoSymbol)
    }))
    .unwrap_or(Err(ImageFault::Damaged))
}

fn decode(bytes: &[u8]) -> Result<GrayImage, ImageFault> {
    let format = image::guess_format(bytes).map_err(|_| ImageFault::Format)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(ImageFault::Format);
    }
    let (width, height) =
        ImageReader::with_format(Cursor::new(bytes), format).into_dimensions().map_err(|_| ImageFault::Damaged)?;
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageFault::TooManyPixels);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    reader.decode().map(image::DynamicImage::into_luma8).map_err(|_| ImageFault::Damaged)
}

/// Small first, then whole, then smoothed: most photos are read at the first look.
fn looks(picture: &GrayImage) -> Option<String> {
    let longer = picture.width().max(picture.height());
    if longer > FIRST_LOOK {
        let small = shrunk(picture, FIRST_LOOK);
        if let Some(text) = look(&small, false) {
            return Some(text);
        }
    }
    look(picture, false)
        .or_else(|| look(&image::imageops::blur(&shrunk(picture, FIRST_LOOK), 1.2), true))
        .or_else(|| (longer > 2 * FIRST_LOOK).then(|| look(&shrunk(picture, 2 * FIRST_LOOK), true)).flatten())
}

fn shrunk(picture: &GrayImage, longer_side: u32) -> GrayImage {
    let longer = picture.width().max(picture.height());
    if longer <= longer_side {
        return picture.clone();
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(longer_side) / u64::from(longer)).max(1) as u32;
    image::imageops::resize(picture, scaled(picture.width()), scaled(picture.height()), FilterType::Triangle)
}

fn look(picture: &GrayImage, filtered: bool) -> Option<String> {
    let mut hints = DecodeHints {
        PossibleFormats: Some(HashSet::from([BarcodeFormat::QR_CODE])),
        TryHarder: Some(true),
        AlsoInverted: Some(true),
        CharacterSet: Some("UTF-8".to_owned()),
        ..DecodeHints::default()
    };
    let (width, height) = picture.dimensions();
    let qr = Some(BarcodeFormat::QR_CODE);
    let found = if filtered {
        rxing::helpers::detect_in_luma_filtered_with_hints(picture.as_raw().clone(), width, height, qr, &mut hints)
    } else {
        rxing::helpers::detect_in_luma_slice_with_hints(picture.as_raw(), width, height, qr, &mut hints)
    };
    found.ok().map(|result| result.getText().to_owned())
}
