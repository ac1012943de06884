//! How much to write at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Keeps slices as large as the time they may take.
///
/// On SQLite everybody else waits for the write lock: it is given back after 5 ms at most, the
/// commit with its sync included, so the statements get about half. On PostgreSQL only other
/// appenders to the change log wait.
#[derive(Debug)]
pub struct Pace {
    rows: AtomicUsize,
    target: Duration,
    most: usize,
}

const FEWEST: usize = 8;

impl Pace {
    pub fn new(sqlite: bool) -> Self {
        let (rows, target, most) = if sqlite { (64, 2_500, 1_000) } else { (200, 60_000, 4_000) };
        Self { rows: AtomicUsize::new(rows), target: Duration::from_micros(target), most }
    }

    pub fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    /// Learns from a slice: shrinks at once, grows slowly.
    pub fn observe(&self, rows: usize, took: Duration) {
        if rows == 0 {
            return;
        }
        let fitting = rows as f64 * self.target.as_secs_f64() / took.as_secs_f64().max(1e-6);
        let now = self.rows() as f64;
        let next = if fitting < now { fitting } else { fitting.min(now * 1.1 + 1.0) };
        // A small slice says little about a large one.
        if fitting < now || rows * 2 >= self.rows() {
            self.rows.store((next as usize).clamp(FEWEST, self.most), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_shrink_at_once_and_grow_slowly() {
        let pace = Pace::new(true);
        pace.observe(64, Duration::from_millis(10));
        assert_eq!(pace.rows(), 16);
        for _ in 0..100 {
            let rows = pace.rows();
            pace.observe(rows, Duration::from_micros(10 * rows as u64));
        }
        assert!((240..=250).contains(&pace.rows()), "{}", pace.rows());
        pace.observe(1, Duration::from_secs(1));
        assert_eq!(pace.rows(), FEWEST);
    }
}
