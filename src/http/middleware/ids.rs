//! Request ids: the caller's, or one of ours.

use std::cell::Cell;

use actix_web::http::header::HeaderMap;

use crate::http::context::RequestId;
use crate::kernel::Entropy;
use crate::kernel::entropy::random_bytes;

/// Makes request ids on one worker. They are unique, not secret: a random start per worker and a
/// counter whose bits are mixed (splitmix64, a bijection).
pub struct RequestIds {
    worker: u32,
    next: Cell<u64>,
}

impl RequestIds {
    pub fn new(entropy: &dyn Entropy) -> Self {
        let worker = u32::from_le_bytes(random_bytes(entropy));
        Self { worker, next: Cell::new(u64::from_le_bytes(random_bytes(entropy))) }
    }

    /// The request's `Request-Id` if it is well formed, else a new one.
    pub fn of(&self, headers: &HeaderMap) -> RequestId {
        let given = headers.get("request-id").and_then(|v| v.to_str().ok()).and_then(RequestId::parse);
        given.unwrap_or_else(|| {
            let number = self.next.get();
            self.next.set(number.wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mixed = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            RequestId::of_numbers(self.worker, mixed ^ mixed >> 31)
        })
    }
}
