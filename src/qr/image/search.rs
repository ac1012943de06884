//! Finding a QR symbol among the pixels of a picture.
//!
//! The library's readers take as long as a picture makes them: what looks like the corners of symbols
//! (finder patterns, ISO/IEC 18004 section 6.3.3) is combined by threes. So its steps are taken one by one
//! here, each over a bounded number of patterns, and none is begun when the time is over.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use image::GrayImage;
use image::imageops::{FilterType, blur, resize};
use rustix::time::{ClockId, clock_gettime};
use rxing::common::{BitMatrix, DetectorRXingResult, HybridBinarizer};
use rxing::qrcode::QRCodeReader;
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{FindFinderPatterns, FinderPatterns, GenerateFinderPatternSets, SampleQR};
use rxing::{BinaryBitmap, DecodeHints, Luma8Source, Reader};

use super::read::ImageFault;

/// Processor time after which no further step is begun; a step itself takes less than a second. Without
/// optimisation everything takes longer.
pub const MOST_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 2 });
/// Most finder patterns of one look. A photo of one symbol has a handful, a noisy one some hundreds.
const MOST_PATTERNS: usize = 1_000;
/// Most sets of three patterns that are tried as the corners of a symbol, over all looks.
const MOST_TRIES: usize = 5_000;
/// So many rows are searched for patterns at once while they are only counted.
const BAND: usize = 128;
/// The longer side of the first, cheap look.
const FIRST_LOOK: u32 = 1_200;
/// How much smaller, or larger, each further size of a picture is.
const STEP: u32 = 3;
/// Pictures are looked at in smaller and smaller sizes until their longer side is shorter than this.
const SMALL: u32 = 500;
/// Those whose shorter side is shorter than this are enlarged until it is longer than `SMALL`…
const TINY: u32 = 150;
/// …but to no more pixels than this.
const MOST_ENLARGED: u64 = 4_000_000;

type Bitmap<'p> = BinaryBitmap<HybridBinarizer<Luma8Source<'p>>>;

/// The search through one picture, and what it has cost so far.
pub struct Search {
    /// In processor time of this thread.
    ends: Duration,
    pub(super) tries: usize,
    /// The first thing that a look was given up for.
    pub(super) given_up: Option<ImageFault>,
}

/// Unwinds out of the library, which has no other way to be stopped.
struct Stop;

impl Search {
    pub fn begin() -> Self {
        Self { ends: processor_time() + MOST_TIME, tries: 0, given_up: None }
    }

    /// Small first, then whole, then smoothed: most photos are read at the first look.
    pub fn read(mut self, picture: &GrayImage) -> Result<String, ImageFault> {
        self.looks(picture).ok_or(self.given_up.unwrap_or(ImageFault::NoSymbol))
    }

    pub(super) fn looks(&mut self, picture: &GrayImage) -> Option<String> {
        let longer = picture.width().max(picture.height());
        let small = (longer > FIRST_LOOK).then(|| shrunk(picture, FIRST_LOOK));
        if let Some(text) = small.as_ref().and_then(|small| self.look(small, false)) {
            return Some(text);
        }
        if let Some(text) = self.look(picture, false) {
            return Some(text);
        }
        if self.is_over() {
            return None;
        }
        if let Some(text) = self.filtered(&blur(small.as_ref().unwrap_or(picture), 1.2)) {
            return Some(text);
        }
        (longer > 2 * FIRST_LOOK && !self.is_over()).then(|| self.filtered(&shrunk(picture, 2 * FIRST_LOOK)))?
    }

    /// Looks at the picture in several sizes, each also with its gaps closed.
    fn filtered(&mut self, picture: &GrayImage) -> Option<String> {
        let mut size = picture.clone();
        loop {
            if let Some(text) = self.look(&size, true) {
                return Some(text);
            }
            let (width, height) = size.dimensions();
            if width.max(height) <= SMALL || width.min(height) < STEP || self.is_over() {
                break;
            }
            size = resize(&size, width / STEP, height / STEP, FilterType::Triangle);
        }
        let (mut width, mut height) = picture.dimensions();
        if width.min(height) >= TINY {
            return None;
        }
        while width.min(height) < SMALL && u64::from(width) * u64::from(height) * 9 <= MOST_ENLARGED {
            (width, height) = (STEP * width, STEP * height);
            if self.is_over() {
                return None;
            }
            if let Some(text) = self.look(&resize(picture, width, height, FilterType::Triangle), true) {
                return Some(text);
            }
        }
        None
    }

    fn look(&mut self, picture: &GrayImage, closes_gaps: bool) -> Option<String> {
        if self.is_over() {
            return None;
        }
        let (width, height) = picture.dimensions();
        let source = Luma8Source::new_with_slice(picture.as_raw(), width, height).ok()?;
        let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
        if let Some(text) = self.both_ways(&mut bitmap) {
            return Some(text);
        }
        if !closes_gaps || self.is_over() {
            return None;
        }
        bitmap.close().ok()?;
        self.both_ways(&mut bitmap)
    }

    /// Dark on light, then light on dark.
    fn both_ways(&mut self, bitmap: &mut Bitmap<'_>) -> Option<String> {
        if let Some(text) = self.one_way(bitmap) {
            return Some(text);
        }
        bitmap.invert();
        let text = self.one_way(bitmap);
        bitmap.invert();
        text
    }

    /// By the library's two readers.
    fn one_way(&mut self, bitmap: &mut Bitmap<'_>) -> Option<String> {
        if let Some(text) = self.by_every_set(bitmap.get_black_matrix()) {
            return Some(text);
        }
        if self.is_over() {
            return None;
        }
        self.by_best_set(bitmap)
    }

    /// As the library's `QrReader` does it, set by set.
    fn by_every_set(&mut self, matrix: &BitMatrix) -> Option<String> {
        let mut patterns = self.patterns(matrix)?;
        for set in GenerateFinderPatternSets(&mut patterns) {
            if self.tries >= MOST_TRIES {
                self.given_up.get_or_insert(ImageFault::TooManyPatterns);
                return None;
            }
            if self.is_over() {
                return None;
            }
            self.tries += 1;
            let decoded = SampleQR(matrix, &set).and_then(|sampled| Decode(sampled.getBits()));
            if let Some(symbol) = decoded.ok().filter(|symbol| symbol.isValid()) {
                return Some(symbol.text());
            }
        }
        None
    }

    /// The finder patterns, if they are not too many. The library compares each with all that were found
    /// before, so that they are counted first, a band of rows at a time.
    fn patterns(&mut self, matrix: &BitMatrix) -> Option<FinderPatterns> {
        let (width, height) = (matrix.width() as usize, matrix.height() as usize);
        let mut count = 0;
        for top in (0..height).step_by(BAND) {
            let band = rows(matrix, top..height.min(top + BAND), width)?;
            count += FindFinderPatterns(&band, true, 0).len();
            if self.are_too_many(count) || self.is_over() {
                return None;
            }
        }
        let patterns = FindFinderPatterns(matrix, true, 0);
        (!self.are_too_many(patterns.len())).then_some(patterns)
    }

    fn are_too_many(&mut self, patterns: usize) -> bool {
        if patterns > MOST_PATTERNS {
            self.given_up.get_or_insert(ImageFault::TooManyPatterns);
        }
        patterns > MOST_PATTERNS
    }

    /// By the library's `QRCodeReader`, which takes the best set alone, and tells of each pattern it finds
    /// before it looks for that.
    fn by_best_set(&mut self, bitmap: &mut Bitmap<'_>) -> Option<String> {
        let (found, ends) = (AtomicUsize::new(0), self.ends);
        let found_one = move |_| {
            if found.fetch_add(1, Ordering::Relaxed) >= MOST_PATTERNS || processor_time() >= ends {
                resume_unwind(Box::new(Stop));
            }
        };
        let hints = DecodeHints {
            TryHarder: Some(true),
            CharacterSet: Some("UTF-8".to_owned()),
            NeedResultPointCallback: Some(Arc::new(found_one)),
            ..DecodeHints::default()
        };
        match catch_unwind(AssertUnwindSafe(|| QRCodeReader.decode_with_hints(bitmap, &hints))) {
            Ok(read) => read.ok().map(|result| result.getText().to_owned()),
            Err(cause) if cause.is::<Stop>() => {
                if !self.is_over() {
                    self.given_up.get_or_insert(ImageFault::TooManyPatterns);
                }
                None
            }
            Err(cause) => resume_unwind(cause),
        }
    }

    fn is_over(&mut self) -> bool {
        let is_over = processor_time() >= self.ends;
        if is_over {
            self.given_up.get_or_insert(ImageFault::TookTooLong);
        }
        is_over
    }
}

/// Some rows of a matrix, as one of its own.
fn rows(matrix: &BitMatrix, rows: std::ops::Range<usize>, width: usize) -> Option<BitMatrix> {
    let mut band = BitMatrix::new(u32::try_from(width).ok()?, u32::try_from(rows.len()).ok()?).ok()?;
    for (to, from) in (0..).zip(rows) {
        band.setRow(to, &matrix.getRow(u32::try_from(from).ok()?));
    }
    Some(band)
}

/// Processor time that this thread has taken.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn shrunk(picture: &GrayImage, longer_side: u32) -> GrayImage {
    let longer = picture.width().max(picture.height());
    if longer <= longer_side {
        return picture.clone();
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(longer_side) / u64::from(longer)).max(1) as u32;
    resize(picture, scaled(picture.width()), scaled(picture.height()), FilterType::Triangle)
}
