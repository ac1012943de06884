//! Reading an uploaded picture: what it is and how large, before anything of it costs memory or time.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageResult, Limits};

use super::search::Search;

/// The longest picture, in bytes: more than 12 megapixels take as JPEG.
pub const LONGEST_PICTURE: usize = 12 << 20;
/// The largest picture that is decoded: 12 megapixels as phones count them (4 032 × 3 024).
pub const MAX_PIXELS: u64 = 12_600_000;
/// The longest side: twice that of such a photo.
pub const MAX_SIDE: u32 = 8_192;
/// No symbol has fewer modules on a side (ISO/IEC 18004 section 5.3.1).
const SHORTEST_SIDE: u32 = 21;
/// Bytes that a PNG decoder may take for what stands beside the pixels: a colour profile is compressed, and a file of a
/// megabyte can hold one of a gigabyte. One that is longer is left out.
const MAX_BESIDE_PIXELS: u64 = 16 << 20;
/// Bytes a decoder may take: the pixels in four channels, and as much again to work in.
const MAX_MEMORY: u64 = MAX_PIXELS * 8;

macro_rules! image_faults {
    ($($(#[$meaning:meta])* $variant:ident = $code:literal, $display:literal;)*) => {
        /// Why no text was read. The codes are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        pub enum ImageFault { $($(#[$meaning])* #[error($display)] $variant,)* }

        impl ImageFault {
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

image_faults! {
    /// Neither PNG nor JPEG nor WebP, whatever its name says.
    Format = "image_format", "not a PNG, JPEG or WebP picture";
    TooManyPixels = "image_too_large", "the picture has more than 12 megapixels";
    SideTooLong = "image_side_too_long", "a side of the picture is longer than 8192 pixels";
    Damaged = "image_damaged", "the picture is damaged";
    NoSymbol = "no_symbol", "no QR symbol was found";
    /// More than a picture of one symbol has; each three could belong together.
    TooManyPatterns = "image_too_many_patterns", "the picture has too many shapes like the corners of QR symbols";
    TookTooLong = "image_took_too_long", "the picture is too crowded to be read in the time there is";
}

/// Reads the text of the QR symbol in a picture. Takes up to [`super::MOST_TIME`] for a hard photo: run it on
/// a bounded pool.
pub fn read_qr(bytes: &[u8]) -> Result<String, ImageFault> {
    // The decoders are other people's code on a stranger's bytes: a panic in one is a bad picture.
    catch_unwind(AssertUnwindSafe(|| {
        let picture = decode(bytes)?;
        if picture.width().min(picture.height()) < SHORTEST_SIDE {
            return Err(ImageFault::NoSymbol);
        }
        Search::begin().read(&picture)
    }))
    .unwrap_or(Err(ImageFault::Damaged))
}

fn decode(bytes: &[u8]) -> Result<GrayImage, ImageFault> {
    match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => pixels(png(bytes)),
        Ok(ImageFormat::Jpeg) => pixels(JpegDecoder::new(Cursor::new(bytes))),
        Ok(ImageFormat::WebP) => pixels(WebPDecoder::new(Cursor::new(bytes))),
        _ => Err(ImageFault::Format),
    }
}

pub(super) fn png(bytes: &[u8]) -> ImageResult<PngDecoder<Cursor<&[u8]>>> {
    let mut beside_pixels = Limits::no_limits();
    beside_pixels.max_alloc = Some(MAX_BESIDE_PIXELS);
    PngDecoder::with_limits(Cursor::new(bytes), beside_pixels)
}

/// Decodes what has a size that we take.
fn pixels(decoder: ImageResult<impl ImageDecoder>) -> Result<GrayImage, ImageFault> {
    let mut decoder = decoder.map_err(|_| ImageFault::Damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageFault::TooManyPixels);
    }
    if width.max(height) > MAX_SIDE {
        return Err(ImageFault::SideTooLong);
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY);
    decoder.set_limits(limits).map_err(|_| ImageFault::Damaged)?;
    DynamicImage::from_decoder(decoder).map(DynamicImage::into_luma8).map_err(|_| ImageFault::Damaged)
}
