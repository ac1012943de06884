//! Base45, zlib, CBOR, COSE and CWT, each given the bytes as they are.
#![no_main]

use dancu::crypto::cose::{Sign1, read_key_set};
use dancu::qr::credential::{CwtClaims, pack, unpack};
use dancu::qr::status::read_cwt;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = unpack(text);
    }
    if bytes.len() < 2_000 {
        assert_eq!(unpack(&pack(bytes)).as_deref(), Ok(bytes));
    }
    let _ = Sign1::read(bytes);
    let _ = read_key_set(bytes);
    let _ = read_cwt(bytes);
    if let Ok(claims) = CwtClaims::read(bytes) {
        assert_eq!(CwtClaims::read(&claims.to_payload()), Ok(claims));
    }
});
