//! The readiness probes: that the database takes writing, its clock, keys, audit writer, change log, clients, revoked tokens.

use std::time::Duration;

use super::App;
use crate::kernel::{Causes, Entropy};
use crate::telemetry::Probe;

/// The clock may differ from the database's by this much.
const CLOCK_SKEW: Duration = Duration::from_secs(5);
/// The change log must have been followed to its end within this time.
const CHANGE_LOG_SECONDS: f64 = 5.0;

/// A replica's row of the heartbeat, one of 1024.
fn draw_slot(entropy: &dyn Entropy) -> i16 {
    let mut bytes = [0; 2];
    entropy.fill(&mut bytes);
    i16::from_be_bytes([bytes[0] & 0x03, bytes[1]])
}

pub(super) fn all(app: &App) -> Vec<Probe> {
    let (store, clock, slot) = (app.store.clone(), app.ground.clock.clone(), draw_slot(&*app.ground.entropy));
    let database = Probe::new("database", move || {
        let (store, now) = (store.clone(), clock.now());
        async move {
            let written = store.write_heartbeat(slot, now).await;
            written
                .inspect_err(|error| tracing::error!(error = %Causes(error), "the heartbeat cannot be written"))
                .is_ok()
        }
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
