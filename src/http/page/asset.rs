//! Files of a page that never change: embedded, named by their contents, kept by browsers for good.

use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};

/// A stylesheet, script or picture. Written in a template as its URL: `<script src="{{ script }}">`.
#[derive(Debug)]
pub struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    print: u64,
}

impl Asset {
    pub const fn css(name: &'static str, bytes: &'static [u8]) -> Self {
        Self::new(name, "text/css; charset=utf-8", bytes)
    }

    pub const fn script(name: &'static str, bytes: &'static [u8]) -> Self {
        Self::new(name, "text/javascript; charset=utf-8", bytes)
    }

    pub const fn svg(name: &'static str, bytes: &'static [u8]) -> Self {
        Self::new(name, "image/svg+xml", bytes)
    }

    const fn new(name: &'static str, kind: &'static str, bytes: &'static [u8]) -> Self {
        Self { name, kind, bytes, print: fingerprint(bytes) }
    }

    /// Serves it at its URL.
    pub fn route(&'static self, config: &mut ServiceConfig) {
        config.service(web::resource(self.to_string()).get(move || async move { self.answer() }));
    }

    fn answer(&self) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, self.kind))
            .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
            .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
            .body(self.bytes)
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/assets/")?;
        // Letters, since a number in a path looks like a person's to whoever filters logs.
        for place in 0..16 {
            fmt::Write::write_char(f, (b'a' + (self.print >> (60 - 4 * place) & 15) as u8) as char)?;
        }
        write!(f, "/{}", self.name)
    }
}

/// FNV-1a: tells versions of our own files apart, and guards nothing.
const fn fingerprint(bytes: &[u8]) -> u64 {
    let mut print = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        print = (print ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    print
}
