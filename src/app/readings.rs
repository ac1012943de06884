//! What the ground floors know of themselves, as metrics.

use crate::storage::Store;
use crate::telemetry::Metrics;

/// SQLite's write-ahead log: how long it is, and whether somebody holds it.
pub(super) fn of_store(metrics: &Metrics, store: &Store) {
    let Some(log) = store.log_watch() else { return };
    let (held, emptied) = (log.clone(), log.clone());
    metrics.reading("database_log_bytes", "Size of SQLite's write-ahead log", move || log().bytes as f64);
    metrics.reading(
        "database_log_held_seconds",
        "How long a reader (a backup, an export) has kept the write-ahead log from being emptied; 0: none does",
        move || held().held_for.as_secs_f64(),
    );
    metrics.reading(
        "database_log_age_seconds",
        "Time since all of the write-ahead log was in the database and nobody read it",
        move || emptied().since_emptied.as_secs_f64(),
    );
}
