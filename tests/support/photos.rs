//! Photos of QR symbols as a desk takes them, drawn: at an angle, unsharp, dark, under a lamp.

use image::{GrayImage, ImageFormat, Luma};

/// How a photo is taken. A good one is the default.
#[derive(Debug, Clone, Copy)]
pub struct Shot {
    pub width: u32,
    pub height: u32,
    /// Side of the symbol, as a share of the photo's shorter side.
    pub share: f32,
    pub degrees: f32,
    /// How far the paper leans back, to the right and downwards; 0.5 halves the far side's size.
    pub lean: (f32, f32),
    /// Radius of unsharpness, in pixels.
    pub blur: f32,
    /// Widest deviation of a pixel, of 255.
    pub noise: i32,
    /// Grey of the dark and of the light modules.
    pub tones: (f32, f32),
    /// How much darker one side of the photo is than the other, of 1.
    pub shadow: f32,
    /// A lamp's reflection over one corner of the symbol.
    pub glare: bool,
    /// JPEG quality, 1 to 100.
    pub quality: u8,
}

impl Default for Shot {
    fn default() -> Self {
        Self {
            width: 1_600,
            height: 1_200,
            share: 0.6,
            degrees: 4.0,
            lean: (0.05, 0.03),
            blur: 0.7,
            noise: 6,
            tones: (30.0, 225.0),
            shadow: 0.1,
            glare: false,
            quality: 85,
        }
    }
}

impl Shot {
    /// Two megapixels, as a webcam takes them.
    pub const fn of_size(mut self, width: u32, height: u32) -> Self {
        self.width = width;
        self.height = height;
        self
    }

    /// Photographs a drawn symbol, quiet zone and all; the file is JPEG.
    pub fn take(&self, symbol: &GrayImage) -> Vec<u8> {
        let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
        let mut photo = GrayImage::from_fn(self.width, self.height, |x, y| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let noise = (chance >> 40) as i32 % (2 * self.noise + 1) - self.noise;
            let lit = self.light(x as f32, y as f32, symbol) * self.lamp(x as f32) + noise as f32;
            Luma([lit.clamp(0.0, 255.0) as u8])
        });
        if self.blur > 0.0 {
            photo = image::imageops::fast_blur(&photo, self.blur);
        }
        let mut file = std::io::Cursor::new(Vec::new());
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, self.quality);
        image::DynamicImage::ImageLuma8(photo).to_rgb8().write_with_encoder(encoder).expect("a JPEG file");
        file.into_inner()
    }

    fn lamp(&self, x: f32) -> f32 {
        1.0 - self.shadow * x / self.width as f32
    }

    /// What lies at a pixel: the symbol's paper, or a table with a grain.
    fn light(&self, x: f32, y: f32, symbol: &GrayImage) -> f32 {
        let (dark, light) = self.tones;
        let shorter = self.width.min(self.height) as f32;
        let (u, v) = ((x - self.width as f32 / 2.0) / shorter, (y - self.height as f32 / 2.0) / shorter);
        let (sin, cos) = self.degrees.to_radians().sin_cos();
        let (u, v) = (u * cos + v * sin, v * cos - u * sin);
        let depth = 1.0 - self.lean.0 * u - self.lean.1 * v;
        let (u, v) = (u / depth / self.share + 0.5, v / depth / self.share + 0.5);
        let reflected = if self.glare { 240.0 * (-((u - 0.9).powi(2) + (v - 0.9).powi(2)) * 40.0).exp() } else { 0.0 };
        let grey = if (0.0..1.0).contains(&u) && (0.0..1.0).contains(&v) {
            dark + (light - dark) * sample(symbol, u, v) / 255.0
        } else {
            (dark + light) / 2.0 + 18.0 * ((u * 31.0).sin() + (v * 17.0).cos())
        };
        (grey + reflected).min(255.0)
    }
}

/// Between the four pixels around a point of the unit square.
fn sample(symbol: &GrayImage, u: f32, v: f32) -> f32 {
    let (x, y) = (u * (symbol.width() - 1) as f32, v * (symbol.height() - 1) as f32);
    let at = |dx: u32, dy: u32| {
        let (x, y) = ((x as u32 + dx).min(symbol.width() - 1), (y as u32 + dy).min(symbol.height() - 1));
        f32::from(symbol.get_pixel(x, y).0[0])
    };
    let (fx, fy) = (x.fract(), y.fract());
    let upper = at(0, 0) * (1.0 - fx) + at(1, 0) * fx;
    let lower = at(0, 1) * (1.0 - fx) + at(1, 1) * fx;
    upper * (1.0 - fy) + lower * fy
}

/// A symbol's own drawing, as grey pixels.
pub fn pixels(png: &[u8]) -> GrayImage {
    image::load_from_memory_with_format(png, ImageFormat::Png).expect("a PNG file").into_luma8()
}

/// Photos that are hard to read, each for one reason, and what the reason is.
pub fn hard() -> Vec<(&'static str, Shot)> {
    let good = Shot::default();
    vec![
        ("good", good),
        ("turned by 45°", Shot { degrees: 45.0, ..good }),
        ("turned by 160°", Shot { degrees: 160.0, ..good }),
        ("leaning back", Shot { lean: (0.1, 0.6), ..good }),
        ("leaning back and sideways, turned", Shot { lean: (0.55, 0.45), degrees: 30.0, ..good }),
        ("leaning far", Shot { lean: (0.9, 0.5), degrees: 15.0, ..good }),
        ("unsharp", Shot { blur: 2.0, ..good }),
        ("very unsharp", Shot { blur: 3.5, ..good }),
        ("noisy", Shot { noise: 60, ..good }),
        ("very noisy", Shot { noise: 110, ..good }),
        ("low contrast", Shot { tones: (105.0, 150.0), ..good }),
        ("very low contrast, noisy", Shot { tones: (110.0, 135.0), noise: 14, ..good }),
        ("dark", Shot { tones: (6.0, 48.0), noise: 5, ..good }),
        ("a deep shadow", Shot { shadow: 0.85, ..good }),
        ("light on dark", Shot { tones: (225.0, 30.0), ..good }),
        ("small", Shot { share: 0.22, ..good }),
        ("very small", Shot { share: 0.14, ..good }),
        ("a lamp's glare", Shot { glare: true, ..good }),
        ("JPEG of quality 20", Shot { quality: 20, ..good }),
        ("JPEG of quality 6", Shot { quality: 6, ..good }),
        (
            "everything a little",
            Shot {
                degrees: 25.0,
                lean: (0.3, 0.3),
                blur: 1.4,
                noise: 25,
                tones: (60.0, 190.0),
                shadow: 0.4,
                quality: 50,
                ..good
            },
        ),
    ]
}
