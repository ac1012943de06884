//! Whether this process lives, and whether it should be sent requests.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A probe that takes longer counts as failed.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// All probes, and whether the process is stopping. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

struct Inner {
    stopping: AtomicBool,
    probes: Vec<Probe>,
}

impl Health {
    pub fn new(probes: Vec<Probe>) -> Self {
        Self(Arc::new(Inner { stopping: AtomicBool::new(false), probes }))
    }

    /// From now on the process is not ready.
    pub fn begin_stop(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
    }

    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }

    /// Each probe by name with its state, all asked at once; a stopping process is not ready
    /// whatever they say.
    pub async fn readiness(&self) -> Readiness {
        let asked = self.0.probes.iter().map(|probe| async {
            let well = tokio::time::timeout(PATIENCE, (probe.check)()).await.unwrap_or(false);
            (probe.name, well)
        });
        let probes = futures_util::future::join_all(asked).await;
        let ready = !self.is_stopping() && probes.iter().all(|(_, well)| *well);
        Readiness { ready, stopping: self.is_stopping(), probes }
    }
}

/// The answer of [`Health::readiness`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    pub ready: bool,
    pub stopping: bool,
    pub probes: Vec<(&'static str, bool)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failed_or_stuck_probe_makes_it_not_ready() {
        let well = || Probe::new("keys", || async { true });
        assert!(Health::new(vec![well()]).readiness().await.ready);
        let stuck = Probe::new("database", std::future::pending);
        let readiness = Health::new(vec![well(), stuck]).readiness().await;
        assert_eq!(readiness.probes, [("keys", true), ("database", false)]);
        assert!(!readiness.ready);
        let health = Health::new(vec![well()]);
        health.begin_stop();
        assert!(!health.readiness().await.ready);
    }
}
