//! Guests who were not reported before: the same people, who arrive in another minute each time.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;
use dancu::kernel::clock::SystemClock;
use dancu::kernel::{Clock, Instant};
use serde_json::{Value, json};

use crate::sample::Anchor;

const MINUTE: Duration = Duration::from_secs(60);
/// Arrivals begin at one of so many minutes of the past, so that one run does not repeat another.
const MINUTES: u64 = 400_000;

pub struct Stays {
    /// What a notice says of each guest, up to its times.
    guests: Vec<String>,
    lines: usize,
    first_arrival: Instant,
}

impl Stays {
    pub fn new(anchors: &[Anchor], lines: usize, purpose: Option<&Value>, facility: &str) -> Self {
        let notice = |anchor: &Anchor| {
            let guest = json!({
                "id_number": anchor.id_number,
                "full_name": anchor.full_name,
                "date_of_birth": anchor.date_of_birth,
            });
            let mut notice = json!({ "facility_id": facility, "room": "101", "reason": "tourism", "guests": [guest] });
            if let Some(purpose) = purpose {
                notice["purpose"] = purpose.clone();
            }
            let mut text = notice.to_string();
            text.pop();
            text
        };
        let now = SystemClock.now();
        let back = now.as_micros().unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let first_arrival = now.minus(MINUTE * u32::try_from(back % MINUTES).unwrap_or(0));
        Self { guests: anchors.iter().map(notice).collect(), lines, first_arrival }
    }

    /// The body of request `number`.
    pub fn body(&self, number: u64) -> Bytes {
        let mut text = String::with_capacity(self.lines * 400);
        let first = number * self.lines as u64;
        for guest in first..first + self.lines as u64 {
            let known = self.guests.len() as u64;
            let arrival = self.first_arrival.minus(MINUTE * u32::try_from(guest / known).unwrap_or(0));
            let notice = &self.guests[(guest % known) as usize];
            // They leave before they come again.
            let departure = arrival.plus(MINUTE / 2);
            let _ = writeln!(text, r#"{notice},"arrival":"{arrival}","planned_departure":"{departure}"}}"#);
        }
        Bytes::from(text)
    }
}
