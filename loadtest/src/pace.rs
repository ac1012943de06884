//! The throttle: says when each request is due.

use std::time::{Duration, Instant};

use async_channel::{Receiver, Sender};

/// One request to send: its number and when it was due.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    pub number: u64,
    pub at: Instant,
}

/// Hands out due times at a constant rate on a thread of its own, whose sleep is finer than the
/// runtime's millisecond timer. Ends by closing the channel.
pub fn constant_rate(rate: f64, span: Duration) -> Receiver<Due> {
    let (sender, receiver) = async_channel::unbounded();
    let total = (rate * span.as_secs_f64()).ceil() as u64;
    std::thread::spawn(move || hand_out(&sender, rate, total));
    receiver
}

fn hand_out(sender: &Sender<Due>, rate: f64, total: u64) {
    let start = Instant::now();
    for number in 0..total {
        let at = start + Duration::from_secs_f64(number as f64 / rate);
        let wait = at.saturating_duration_since(Instant::now());
        if wait > Duration::from_micros(50) {
            std::thread::sleep(wait);
        }
        if sender.send_blocking(Due { number, at }).is_err() {
            return;
        }
    }
}

/// A closed loop: each connection sends its next request when the last was answered.
pub fn as_fast_as_possible(connections: usize, span: Duration) -> Receiver<Due> {
    let (sender, receiver) = async_channel::bounded(connections);
    std::thread::spawn(move || {
        let end = Instant::now() + span;
        let mut number = 0;
        while Instant::now() < end && sender.send_blocking(Due { number, at: Instant::now() }).is_ok() {
            number += 1;
        }
    });
    receiver
}
