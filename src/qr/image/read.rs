//! Reading an uploaded picture: what it is and how large, before anything of it costs memory or time.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{GrayImage, ImageFormat, ImageReader, Limits};

use super::search::Search;

/// The longest picture, in bytes: more than 12 megapixels take as JPEG.
pub const LONGEST_PICTURE: usize = 12 << 20;
/// The largest picture that is decoded: 12 megapixels as phones count them (4 032 × 3 024).
pub const MAX_PIXELS: u64 = 12_600_000;
/// The longest side: twice that of such a photo.
pub const MAX_SIDE: u32 = 8_192;
/// No symbol has fewer modules on a side (ISO/IEC 18004 section 5.3.1).
const SHORTEST_SIDE: u32 = 21;
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
    let format = image::guess_format(bytes).map_err(|_| ImageFault::Format)?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(ImageFault::Format);
    }
    let (width, height) =
        ImageReader::with_format(Cursor::new(bytes), format).into_dimensions().map_err(|_| ImageFault::Damaged)?;
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageFault::TooManyPixels);
    }
    if width.max(height) > MAX_SIDE {
        return Err(ImageFault::SideTooLong);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    reader.decode().map(image::DynamicImage::into_luma8).map_err(|_| ImageFault::Damaged)
}
