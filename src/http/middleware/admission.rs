//! Which requests are let in. Refusing some early keeps the others in time: beyond the point where
//! a queue grows, every request would be late.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How often the share of admitted requests is set anew.
const WINDOW: Duration = Duration::from_millis(100);
/// How often the queue is measured at most.
const PROBE_EVERY: Duration = Duration::from_millis(1);
/// Some are always let in: they show when the queue is short again.
const LEAST_SHARE: f32 = 0.02;

/// One worker's gate. It watches how long a task waits in the worker's queue: even the quickest of
/// a window waiting longer than the target means a queue that does not drain (as CoDel has it), and
/// then a smaller share is admitted; a window that drained admits more.
#[derive(Clone)]
pub struct Admission(Rc<RefCell<Gate>>);

impl Admission {
    pub fn new(target: Duration, now: Instant) -> Self {
        Self(Rc::new(RefCell::new(Gate::new(target, now))))
    }

    /// Whether a request that came at `now` is let in.
    pub fn admit(&self, now: Instant) -> bool {
        let (admitted, probe) = {
            let mut gate = self.0.borrow_mut();
            gate.recover(now);
            (gate.admit(), gate.begin_probe(now))
        };
        if probe {
            let gate = self.0.clone();
            // The probe is a task like any other: it waits its turn and says how long that took.
            actix_web::rt::spawn(async move { gate.borrow_mut().measured(now, Instant::now()) });
        }
        admitted
    }
}

struct Gate {
    target: Duration,
    share: f32,
    credit: f32,
    window_began: Instant,
    least_wait: Option<Duration>,
    probing: bool,
    probed: Instant,
}

impl Gate {
    fn new(target: Duration, now: Instant) -> Self {
        Self { target, share: 1.0, credit: 0.0, window_began: now, least_wait: None, probing: false, probed: now }
    }

    /// Where nobody came for a while there is no queue: what a burst has closed does not stay closed.
    fn recover(&mut self, now: Instant) {
        let quiet = now.saturating_duration_since(self.probed);
        if self.share < 1.0 && !self.probing && quiet > WINDOW {
            self.share = (self.share + 0.1 * quiet.div_duration_f32(WINDOW)).min(1.0);
        }
    }

    /// Lets the current share in, evenly spread.
    fn admit(&mut self) -> bool {
        self.credit += self.share;
        let admitted = self.credit >= 1.0;
        if admitted {
            self.credit -= 1.0;
        }
        admitted
    }

    fn begin_probe(&mut self, now: Instant) -> bool {
        let begin = !self.probing && now.saturating_duration_since(self.probed) >= PROBE_EVERY;
        if begin {
            self.probing = true;
            self.probed = now;
        }
        begin
    }

    fn measured(&mut self, began: Instant, now: Instant) {
        self.probing = false;
        let wait = now.saturating_duration_since(began);
        self.least_wait = Some(self.least_wait.map_or(wait, |least| least.min(wait)));
        if now.saturating_duration_since(self.window_began) < WINDOW {
            return;
        }
        if self.least_wait.take().is_some_and(|least| least > self.target) {
            self.share = (self.share * 0.7).max(LEAST_SHARE);
        } else {
            self.share = (self.share + 0.1).min(1.0);
        }
        self.window_began = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted_of(gate: &mut Gate, requests: usize) -> usize {
        (0..requests).filter(|_| gate.admit()).count()
    }

    #[test]
    fn a_standing_queue_lowers_the_share_and_a_drained_one_raises_it() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut gate = Gate::new(ms(50), start);
        assert_eq!(admitted_of(&mut gate, 1000), 1000);
        let mut now = start;
        for _ in 0..10 {
            now += ms(100);
            gate.measured(now - ms(80), now);
        }
        let admitted = admitted_of(&mut gate, 1000);
        assert!((20..=40).contains(&admitted), "{admitted}");
        for _ in 0..10 {
            now += ms(100);
            gate.measured(now - ms(1), now);
        }
        assert!(admitted_of(&mut gate, 1000) >= 990);
    }

    #[test]
    fn after_a_quiet_second_everybody_is_let_in_again() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut gate = Gate::new(ms(50), start);
        let mut now = start;
        for _ in 0..20 {
            now += ms(100);
            assert!(gate.begin_probe(now));
            gate.measured(now - ms(80), now);
        }
        gate.recover(now + ms(50));
        assert!(admitted_of(&mut gate, 1000) <= 30, "the burst is not over");
        gate.recover(now + ms(1_000));
        assert!(admitted_of(&mut gate, 1000) >= 990);
    }

    #[test]
    fn one_quick_probe_in_a_window_means_the_queue_drains() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut gate = Gate::new(ms(50), start);
        gate.measured(start, start + ms(2));
        gate.measured(start, start + ms(300));
        assert_eq!(admitted_of(&mut gate, 100), 100);
    }
}
