//! QR symbols as pictures: drawing them, and finding them in photos.

mod draw;
mod read;
mod search;

pub use draw::{DrawFault, ImageKind, Symbol};
pub use read::{ImageFault, LONGEST_PICTURE, MAX_PIXELS, MAX_SIDE, read_qr};
pub use search::MOST_TIME;

#[cfg(test)]
mod tests;
