//! Drawing a QR symbol (ISO/IEC 18004) of alphanumeric text.

use std::fmt::Write;

use qrcode::bits::Bits;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::ec::construct_codewords;
use qrcode::types::{Color, EcLevel, Mode, QrError, Version};

/// Which picture a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    Svg,
    Png,
}

/// The text does not fit into one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DrawFault {
    #[error("the text is longer than a QR symbol holds")]
    TooLong,
    #[error("the text has characters outside alphanumeric mode")]
    NotAlphanumeric,
}

/// The crate's own errors are all "does not fit" once the characters are known to be good.
impl From<QrError> for DrawFault {
    fn from(_: QrError) -> Self {
        Self::TooLong
    }
}

fn is_alphanumeric(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b' ' | b'$' | b'%' | b'*' | b'+' | b'-' | b'.' | b'/' | b':')
}

/// Light modules around the symbol (ISO/IEC 18004 section 9.1).
const QUIET: usize = 4;
/// Pixels a module has in a PNG.
const SCALE: usize = 4;

/// A square of dark and light modules, without quiet zone.
pub struct Symbol {
    width: usize,
    modules: Vec<Color>,
}

impl Symbol {
    /// The smallest symbol that holds `text`: level M where it fits, else L.
    ///
    /// The mask is fixed. Masks only balance dark and light for old readers; a compressed, signed
    /// text is noise already, and trying all eight costs fifty times the drawing.
    pub fn of_text(text: &str) -> Result<Self, DrawFault> {
        if !text.bytes().all(is_alphanumeric) {
            return Err(DrawFault::NotAlphanumeric);
        }
        let (version, level) = smallest(text.len())?;
        let mut bits = Bits::new(version);
        bits.push_alphanumeric_data(text.as_bytes())?;
        bits.push_terminator(level)?;
        let (data, correction) = construct_codewords(&bits.into_bytes(), version, level)?;
        let mut canvas = Canvas::new(version, level);
        canvas.draw_all_functional_patterns();
        canvas.draw_data(&data, &correction);
        canvas.apply_mask(MaskPattern::Checkerboard);
        Ok(Self { width: version.width() as usize, modules: canvas.into_colors() })
    }

    fn row(&self, y: usize) -> &[Color] {
        &self.modules[y * self.width..(y + 1) * self.width]
    }

    pub fn draw(&self, kind: ImageKind) -> Vec<u8> {
        match kind {
            ImageKind::Svg => self.to_svg().into_bytes(),
            ImageKind::Png => self.to_png(),
        }
    }

    /// One path; each run of dark modules is one stroke of it.
    pub fn to_svg(&self) -> String {
        let side = self.width + 2 * QUIET;
        let mut svg = String::with_capacity(self.modules.len() * 3);
        let _ = write!(
            svg,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path stroke="#000" d=""##
        );
        for y in 0..self.width {
            let row = self.row(y);
            let mut x = 0;
            while x < self.width {
                let run = row[x..].iter().take_while(|c| **c == Color::Dark).count();
                if run > 0 {
                    let _ = write!(svg, "M{} {}.5h{run}", x + QUIET, y + QUIET);
                }
                x += run.max(1);
            }
        }
        svg.push_str(r#""/></svg>"#);
        svg
    }

    /// One bit a pixel.
    pub fn to_png(&self) -> Vec<u8> {
        let side = (self.width + 2 * QUIET) * SCALE;
        let stride = side.div_ceil(8);
        let mut pixels = vec![0xff; stride * side];
        for y in 0..self.width {
            let row = &mut vec![0xff; stride];
            for (x, _) in self.row(y).iter().enumerate().filter(|(_, c)| **c == Color::Dark) {
                for pixel in (x + QUIET) * SCALE..(x + QUIET + 1) * SCALE {
                    row[pixel / 8] &= !(0x80 >> (pixel % 8));
                }
            }
            for line in (y + QUIET) * SCALE..(y + QUIET + 1) * SCALE {
                pixels[line * stride..(line + 1) * stride].copy_from_slice(row);
            }
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side as u32, side as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&pixels))
            .expect("writing a picture of the right size to memory does not fail");
        file
    }
}

fn smallest(length: usize) -> Result<(Version, EcLevel), DrawFault> {
    let fits = |version: Version, level: EcLevel| {
        let needed = 4 + Mode::Alphanumeric.length_bits_count(version) + Mode::Alphanumeric.data_bits_count(length);
        Bits::new(version).max_len(level).is_ok_and(|capacity| needed <= capacity)
    };
    let versions = || (1..=40).map(Version::Normal);
    [EcLevel::M, EcLevel::L]
        .into_iter()
        .find_map(|level| versions().find(|version| fits(*version, level)).map(|version| (version, level)))
        .ok_or(DrawFault::TooLong)
}
