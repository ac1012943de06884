//! How much of its quotas one client has used.

use std::time::Duration;

use super::ledger::Kind;
use super::window::{Count, Window};
use crate::kernel::Instant;

/// Calls a client may make; batch lines count like calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    pub per_minute: u32,
    pub per_day: u64,
}

/// What is left of a client's quotas, for the headers of the IETF RateLimit draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub quotas: Quotas,
    pub minute_left: u32,
    pub minute_resets: Duration,
    pub day_left: u64,
    pub day_resets: Duration,
}

impl Standing {
    /// How long a client that has nothing left must wait.
    pub fn retry_after(&self) -> Duration {
        let wait = if self.day_left == 0 { self.day_resets } else { self.minute_resets };
        wait.max(Duration::from_secs(1))
    }
}

/// One counter: what the database knew at the last exchange, and what was added here since.
#[derive(Debug, Clone, Copy, Default)]
struct Gauge {
    start: i64,
    known: u64,
    added: u64,
}

impl Gauge {
    fn turn(&mut self, window: Window, now: Instant) {
        let start = window.start(now);
        if start > self.start {
            *self = Self { start, known: 0, added: 0 };
        }
    }
    fn used(&self) -> u64 {
        self.known + self.added
    }
    fn learn(&mut self, start: i64, total: u64) {
        if start == self.start {
            self.known = self.known.max(total);
        }
    }
}

/// What is to be added to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delta {
    pub kind: Kind,
    pub start: i64,
    pub amount: u64,
}

#[derive(Debug, Default)]
pub struct Meter {
    minute: Gauge,
    day: Gauge,
    /// Calls and failed anchors by the hour, for their share.
    calls: Count,
    calls_added: u32,
    failures: Count,
    /// Failed anchors by the day.
    failures_of_day: Count,
}

impl Meter {
    /// Takes up to `wanted` calls from both quotas; says how many were granted.
    pub fn take(&mut self, quotas: Quotas, wanted: u32, now: Instant) -> (u32, Standing) {
        self.turn(now);
        let minute_left = u64::from(quotas.per_minute).saturating_sub(self.minute.used());
        let day_left = quotas.per_day.saturating_sub(self.day.used());
        let granted = u64::from(wanted).min(minute_left).min(day_left);
        self.minute.added += granted;
        self.day.added += granted;
        let granted = u32::try_from(granted).unwrap_or(u32::MAX);
        self.calls.current = self.calls.current.saturating_add(granted);
        self.calls_added = self.calls_added.saturating_add(granted);
        let standing = Standing {
            quotas,
            minute_left: u32::try_from(minute_left).unwrap_or(u32::MAX) - granted,
            minute_resets: Window::MINUTE.remaining(now),
            day_left: day_left - u64::from(granted),
            day_resets: Window::DAY.remaining(now),
        };
        (granted, standing)
    }

    /// Failed anchors and calls over the last hour.
    pub fn failures_and_calls(&mut self, now: Instant) -> (u32, u32) {
        self.turn(now);
        (self.failures.sliding(Window::HOUR, now), self.calls.sliding(Window::HOUR, now))
    }

    pub fn fail(&mut self, now: Instant) {
        self.turn(now);
        for count in [&mut self.failures, &mut self.failures_of_day] {
            count.current = count.current.saturating_add(1);
        }
    }

    /// Failed anchors by the hour.
    pub fn failures(&self) -> Count {
        self.failures
    }

    /// No counter of a single number or person can be higher than this.
    pub fn failures_of_day(&mut self, now: Instant) -> u32 {
        self.turn(now);
        self.failures_of_day.sliding(Window::DAY, now)
    }

    /// What was added since the last exchange. Give it back by [`give_back`](Self::give_back) if
    /// it could not be stored.
    pub fn drain(&mut self, now: Instant) -> Vec<Delta> {
        self.turn(now);
        let mut deltas = Vec::new();
        for (kind, gauge) in [(Kind::CallsPerMinute, &mut self.minute), (Kind::CallsPerDay, &mut self.day)] {
            if gauge.added > 0 {
                deltas.push(Delta { kind, start: gauge.start, amount: gauge.added });
                gauge.known += gauge.added;
                gauge.added = 0;
            }
        }
        if self.calls_added > 0 {
            let amount = u64::from(std::mem::take(&mut self.calls_added));
            deltas.push(Delta { kind: Kind::CallsPerHour, start: self.calls.start, amount });
        }
        deltas
    }

    pub fn give_back(&mut self, delta: Delta) {
        let gauge = match delta.kind {
            Kind::CallsPerMinute => &mut self.minute,
            Kind::CallsPerDay => &mut self.day,
            _ => {
                self.calls_added = self.calls_added.saturating_add(u32::try_from(delta.amount).unwrap_or(u32::MAX));
                return;
            }
        };
        if gauge.start == delta.start {
            gauge.known = gauge.known.saturating_sub(delta.amount);
            gauge.added += delta.amount;
        }
    }

    /// Learns a counter of the database.
    pub fn learn(&mut self, kind: Kind, start: i64, total: u64, now: Instant) {
        self.turn(now);
        let capped = u32::try_from(total).unwrap_or(u32::MAX);
        match kind {
            Kind::CallsPerMinute => self.minute.learn(start, total),
            Kind::CallsPerDay => self.day.learn(start, total),
            Kind::CallsPerHour => self.calls.learn(Window::HOUR, start, capped),
            Kind::FailuresPerHour => self.failures.learn(Window::HOUR, start, capped),
            Kind::FailuresPerDay => self.failures_of_day.learn(Window::DAY, start, capped),
            Kind::Number | Kind::Person | Kind::NumberAnywhere => {}
        }
    }

    fn turn(&mut self, now: Instant) {
        self.minute.turn(Window::MINUTE, now);
        self.day.turn(Window::DAY, now);
        self.calls.turn(Window::HOUR, now);
        self.failures.turn(Window::HOUR, now);
        self.failures_of_day.turn(Window::DAY, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_seconds(1_800_000_000);
    const QUOTAS: Quotas = Quotas { per_minute: 3, per_day: 5 };

    #[test]
    fn grants_no_more_than_either_quota() {
        let mut meter = Meter::default();
        assert_eq!(meter.take(QUOTAS, 2, NOW).0, 2);
        let (granted, standing) = meter.take(QUOTAS, 2, NOW);
        assert_eq!((granted, standing.minute_left, standing.day_left), (1, 0, 2));
        let next = NOW.plus(Duration::from_secs(60));
        let (granted, standing) = meter.take(QUOTAS, 9, next);
        assert_eq!((granted, standing.day_left), (2, 0));
        assert!(standing.retry_after() > Duration::from_secs(60));
    }

    #[test]
    fn counts_what_other_replicas_used() {
        let mut meter = Meter::default();
        meter.take(QUOTAS, 1, NOW);
        let deltas = meter.drain(NOW);
        assert_eq!(deltas.len(), 3);
        let minute = deltas[0];
        assert_eq!((minute.kind, minute.amount), (Kind::CallsPerMinute, 1));
        meter.learn(Kind::CallsPerMinute, minute.start, 3, NOW);
        assert_eq!(meter.take(QUOTAS, 1, NOW).0, 0);
    }

    #[test]
    fn what_could_not_be_stored_is_kept() {
        let mut meter = Meter::default();
        meter.take(QUOTAS, 2, NOW);
        let deltas = meter.drain(NOW);
        assert!(meter.drain(NOW).is_empty());
        deltas.iter().for_each(|delta| meter.give_back(*delta));
        assert_eq!(meter.drain(NOW), deltas);
        assert_eq!(meter.take(QUOTAS, 5, NOW).0, 1);
    }
}
