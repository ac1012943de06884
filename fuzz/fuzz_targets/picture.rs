//! Uploaded pictures.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = dancu::qr::image::read_qr(bytes);
});
