//! Uploaded files of guests.
#![no_main]

#[allow(dead_code, reason = "each target is one of them")]
#[path = "../../tests/fuzzing/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::stays_file(bytes));
