//! How much to write at a time.

use std::sync::Mutex;
use std::time::Duration;

/// Keeps slices as large as the time they may take.
///
/// On SQLite everybody else waits for the write lock: it is given back after 5 ms at most, the
/// commit and its sync included (a sync that alone takes longer cannot be helped). On PostgreSQL
/// only other appenders to the change log wait.
#[derive(Debug)]
pub struct Pace {
    state: Mutex<State>,
    target: Duration,
    most: usize,
}

#[derive(Debug, Clone, Copy)]
struct State {
    rows: usize,
    /// What a commit takes, smoothed.
    commit: Duration,
}

const FEWEST: usize = 8;
/// What the statements get however slow commits are; or nothing would ever be done.
const LEAST: Duration = Duration::from_micros(1_000);

impl Pace {
    pub fn new(sqlite: bool) -> Self {
        let (rows, target, most) = if sqlite { (64, 4_000, 1_000) } else { (200, 80_000, 4_000) };
        let state = Mutex::new(State { rows, commit: Duration::ZERO });
        Self { state, target: Duration::from_micros(target), most }
    }

    pub fn rows(&self) -> usize {
        self.state().rows
    }

    /// Learns from a slice: shrinks at once, grows slowly.
    pub fn observe(&self, rows: usize, statements: Duration, commit: Duration) {
        if rows == 0 {
            return;
        }
        let mut state = self.state();
        state.commit = if state.commit.is_zero() { commit } else { (state.commit * 7 + commit) / 8 };
        let budget = self.target.saturating_sub(state.commit).max(LEAST.min(self.target));
        let fitting = rows as f64 * budget.as_secs_f64() / statements.as_secs_f64().max(1e-6);
        let now = state.rows as f64;
        // A small slice says little about a large one.
        if fitting < now {
            state.rows = (fitting as usize).clamp(FEWEST, self.most);
        } else if rows * 2 >= state.rows {
            state.rows = (fitting.min(now * 1.1 + 1.0) as usize).clamp(FEWEST, self.most);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_shrink_at_once_and_grow_slowly() {
        let pace = Pace::new(true);
        let commit = Duration::from_millis(1);
        pace.observe(64, Duration::from_millis(12), commit);
        assert_eq!(pace.rows(), 16);
        for _ in 0..100 {
            let rows = pace.rows();
            pace.observe(rows, Duration::from_micros(10 * rows as u64), commit);
        }
        assert!((290..=300).contains(&pace.rows()), "{}", pace.rows());
        pace.observe(1, Duration::from_secs(1), commit);
        assert_eq!(pace.rows(), FEWEST);
    }

    #[test]
    fn slow_commits_shrink_slices_but_not_to_nothing() {
        let pace = Pace::new(true);
        for _ in 0..100 {
            let rows = pace.rows();
            pace.observe(rows, Duration::from_micros(10 * rows as u64), Duration::from_millis(20));
        }
        assert!((95..=100).contains(&pace.rows()), "{}", pace.rows());
    }
}
