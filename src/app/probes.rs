//! The readiness probes: database, its clock, keys, audit writer, change log, clients, revoked tokens.

use std::time::Duration;

use super::App;
use crate::telemetry::Probe;

/// The clock may differ from the database's by this much.
const CLOCK_SKEW: Duration = Duration::from_secs(5);
/// The change log must have been followed to its end within this time.
const CHANGE_LOG_SECONDS: f64 = 5.0;

pub(super) fn all(app: &App) -> Vec<Probe> {
    let store = app.store.clone();
    let database = Probe::new("database", move || {
        let store = store.clone();
        async move { store.ping().await.is_ok() }
    });
    let (store, clock) = (app.store.clone(), app.ground.clock.clone());
    let clocks = Probe::new("clock", move || {
        let (store, clock) = (store.clone(), clock.clone());
        async move {
            let Ok(theirs) = store.database_now().await else { return false };
            let ours = clock.now();
            ours.since(theirs).max(theirs.since(ours)) <= CLOCK_SKEW
        }
    });
    let keyring = app.ground.keyring.clone();
    let keys = Probe::new("keys", move || {
        let known = keyring.unknown_versions().is_empty();
        async move { known }
    });
    let audit = app.audit.clone();
    let writer = Probe::new("audit", move || {
        let audit = audit.clone();
        async move { audit.probe().await.is_ok() }
    });
    let citizens = app.citizens.clone();
    let change_log = Probe::new("change_log", move || {
        let age = citizens.change_log_age_seconds();
        async move { age <= CHANGE_LOG_SECONDS }
    });
    let clients = app.clients.clone();
    let registry = Probe::new("clients", move || {
        let current = clients.is_current();
        async move { current }
    });
    let access = app.access.clone();
    let revoked = Probe::new("revoked_tokens", move || {
        let current = access.is_current();
        async move { current }
    });
    vec![database, clocks, keys, writer, change_log, registry, revoked]
}
