//! Whether this process lives, and whether it should be sent requests.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A probe that takes longer counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between heartbeats.
const EVERY: Duration = Duration::from_secs(2);
/// What was found longer ago is not believed: the heartbeat itself has stopped.
const BELIEVED_FOR: Duration = Duration::from_secs(8);

type Check = Box<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// One thing that must be well before requests are welcome.
pub struct Probe {
    name: &'static str,
    check: Check,
}

impl Probe {
    /// `check` says whether it is well; it must not block the thread.
    pub fn new<F, Fut>(name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        Self { name, check: Box::new(move || Box::pin(check())) }
    }
}

/// What the last heartbeat found of the probes, and whether the process is stopping. To ask costs
/// nothing: whoever asks, and however often, no probe runs for it. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    stopping: AtomicBool,
    probes: Vec<Probe>,
    last: Mutex<Option<(Instant, Vec<(&'static str, bool)>)>>,
}

impl Health {
    pub fn new(probes: Vec<Probe>) -> Self {
        Self(Arc::new(Inner { stopping: AtomicBool::new(false), probes, last: Mutex::new(None) }))
    }

    /// From now on the process is not ready.
    pub fn begin_stop(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
    }

    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }

    /// One heartbeat: asks every probe, all at once, and remembers what they say.
    pub async fn beat(&self) {
        let asked = self.0.probes.iter().map(|probe| async {
            let well = tokio::time::timeout(PATIENCE, (probe.check)()).await.unwrap_or(false);
            (probe.name, well)
        });
        let found = futures_util::future::join_all(asked).await;
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found));
    }

    /// A heartbeat every two seconds, as long as this is polled.
    pub async fn keep_beating(self) {
        loop {
            self.beat().await;
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Each probe by name with its state at the last heartbeat; before the first one, and where the last
    /// is too long ago, nothing is ready. A stopping process is not ready whatever they say.
    pub fn readiness(&self) -> Readiness {
        let last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (fresh, probes) = match &*last {
            Some((at, found)) => (at.elapsed() <= BELIEVED_FOR, found.clone()),
            None => (false, Vec::new()),
        };
        let stopping = self.is_stopping();
        let ready = !stopping && fresh && probes.iter().all(|(_, well)| *well);
        Readiness { ready, stopping, probes }
    }
}

/// The answer of [`Health::readiness`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    pub ready: bool,
    pub stopping: bool,
    pub probes: Vec<(&'static str, bool)>,
}

impl Readiness {
    /// The same in one word.
    pub const fn status(&self) -> &'static str {
        match (self.ready, self.stopping) {
            (true, _) => "ready",
            (false, true) => "stopping",
            (false, false) => "not_ready",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failed_or_stuck_probe_makes_it_not_ready() {
        let well = || Probe::new("keys", || async { true });
        let health = Health::new(vec![well()]);
        assert!(!health.readiness().ready, "nothing is known before the first heartbeat");
        health.beat().await;
        assert!(health.readiness().ready);
        let stuck = Health::new(vec![well(), Probe::new("database", std::future::pending)]);
        stuck.beat().await;
        let readiness = stuck.readiness();
        assert_eq!(readiness.probes, [("keys", true), ("database", false)]);
        assert_eq!(readiness.status(), "not_ready");
        tokio::time::advance(BELIEVED_FOR + Duration::from_secs(1)).await;
        assert!(!health.readiness().ready, "a heartbeat that has stopped is not believed");
        health.begin_stop();
        assert_eq!(health.readiness().status(), "stopping");
    }

    #[tokio::test(start_paused = true)]
    async fn reading_health_runs_no_probe() {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let probe = Probe::new("database", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { true }
        });
        let health = Health::new(vec![probe]);
        health.beat().await;
        assert!((0..1_000).all(|_| health.readiness().ready));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }
}
