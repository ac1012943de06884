//! QR symbols as pictures: drawing them, and finding them in photos.

mod draw;
mod read;

pub use draw::{DrawFault, ImageKind, Symbol};
pub use read::{ImageFault, MAX_PIXELS, read_qr};

#[cfg(test)]
mod tests;
