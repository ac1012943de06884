//! What a fake camera sees: a card's QR symbol before it, as a film that Chromium plays.

use std::path::{Path, PathBuf};

use image::{GrayImage, Luma};
use qrcode::QrCode;
use qrcode::types::Color;

use super::photos::Shot;

/// Pixels a module has before the photo is taken.
const SCALE: usize = 6;
const QUIET: usize = 4;

/// A card's symbol, drawn.
pub fn symbol(text: &str) -> GrayImage {
    let code = QrCode::new(text.as_bytes()).expect("the text fits a symbol");
    let (width, colors) = (code.width(), code.to_colors());
    let side = u32::try_from((width + 2 * QUIET) * SCALE).expect("a small picture");
    let module = |at: u32| (at as usize / SCALE).checked_sub(QUIET).filter(|at| *at < width);
    GrayImage::from_fn(side, side, |x, y| match (module(x), module(y)) {
        (Some(x), Some(y)) if colors[y * width + x] == Color::Dark => Luma([0]),
        _ => Luma([255]),
    })
}

/// A table with nothing on it.
pub fn nothing() -> GrayImage {
    GrayImage::from_pixel(64, 64, Luma([200]))
}

/// Writes a film of what `shot` takes of `seen`, which goes on for ever. YUV4MPEG2, 4:2:0.
pub fn film(folder: &Path, name: &str, seen: &GrayImage, shot: Shot) -> PathBuf {
    let photo = image::load_from_memory(&shot.take(seen)).expect("a photo").into_luma8();
    let (width, height) = photo.dimensions();
    let mut film = format!("YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n").into_bytes();
    for _ in 0..2 {
        film.extend_from_slice(b"FRAME\n");
        film.extend_from_slice(photo.as_raw());
        // No colour.
        film.resize(film.len() + (width as usize / 2) * (height as usize / 2) * 2, 128);
    }
    let path = folder.join(format!("{name}.y4m"));
    std::fs::write(&path, film).expect("the film is written");
    path
}
