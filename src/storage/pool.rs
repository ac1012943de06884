//! Pools of connections, by intent.
//!
//! r2d2 opens connections on threads of its own, which it neither ends nor waits for. So both pools of a store
//! share threads that are ours: named, and told to leave what waits when the pools are dropped. A closed store
//! refuses to open further connections; one that is being opened just then ends by itself, since libpq gives up
//! after `connect_timeout` (3 s unless the URL says otherwise). Whoever ends the process waits for these threads
//! (`cli::runtime`), so that `exit` finds none of them inside libpq.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::TransactionManager;
use diesel::r2d2::R2D2Connection;
use r2d2::{ManageConnection, Pool, PooledConnection};
use scheduled_thread_pool::{OnPoolDropBehavior, ScheduledThreadPool};

use super::connect::{Intent, connect};
use super::failure::FailureWatch;
use super::location::Location;
use super::{Db, OpenError, StorageError};
use crate::kernel::Causes;

/// How long a caller waits for a free connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// Bulk work on PostgreSQL at the same time.
const BULK_CONNECTIONS: u32 = 2;
/// Connections that are opened at the same time.
const THREADS: usize = 3;

/// The pools of an open store.
pub(super) struct Pools {
    pub(super) readers: Pool<Connections>,
    pub(super) bulk: Pool<Connections>,
}

impl Pools {
    /// Opens `idle` readers ahead of their callers, and no connection any more once `closing` is set.
    pub(super) fn open(location: &Location, readers: u32, idle: u32, closing: &Arc<AtomicBool>) -> Self {
        let threads = ScheduledThreadPool::builder()
            .num_threads(THREADS)
            .thread_name_pattern("dancu-pool-{}")
            .on_drop_behavior(OnPoolDropBehavior::DiscardPendingScheduled)
            .build();
        let threads = Arc::new(threads);
        let pool = |intent, size, idle| {
            let connections = Connections { location: location.clone(), intent, closing: closing.clone() };
            build(connections, size, idle, threads.clone())
        };
        Self { readers: pool(Intent::Read, readers, idle), bulk: pool(Intent::Bulk, BULK_CONNECTIONS, 0) }
    }
}

#[derive(Debug)]
pub(super) struct Connections {
    location: Location,
    intent: Intent,
    closing: Arc<AtomicBool>,
}

/// A connection, and what watches its statements.
pub(super) struct Pooled {
    pub(super) db: Db,
    pub(super) watch: FailureWatch,
}

impl ManageConnection for Connections {
    type Connection = Pooled;
    type Error = OpenError;

    fn connect(&self) -> Result<Pooled, OpenError> {
        if self.closing.load(Ordering::SeqCst) {
            return Err(OpenError::Unavailable("the store is closing".to_owned()));
        }
        let mut db = connect(&self.location, self.intent)?;
        let watch = FailureWatch::default();
        if self.intent == Intent::Bulk {
            diesel::Connection::set_instrumentation(&mut db, watch.instrumentation());
        }
        Ok(Pooled { db, watch })
    }

    fn is_valid(&self, connection: &mut Pooled) -> Result<(), OpenError> {
        connection.db.ping().map_err(|e| OpenError::Unavailable(e.to_string()))
    }

    fn has_broken(&self, connection: &mut Pooled) -> bool {
        std::thread::panicking() || connection.db.is_broken() || is_lost(&mut connection.db)
    }
}

/// Whether the other end is gone. Looks at what the socket has to say without asking anything
/// (0.75 µs a look), so that a killed backend does not cost the next caller an error. Twice, for
/// the first look reads the server's last words and only the next finds the end.
pub(super) fn is_lost(db: &mut Db) -> bool {
    if Db::transaction_manager_status_mut(db).transaction_depth().is_err() {
        return true;
    }
    match db {
        Db::Pg(connection) => (0..2).any(|_| connection.notifications_iter().any(|notification| notification.is_err())),
        Db::Lite(_) => false,
    }
}

fn build(connections: Connections, size: u32, idle: u32, threads: Arc<ScheduledThreadPool>) -> Pool<Connections> {
    let lasting = connections.location.is_sqlite();
    Pool::builder()
        .max_size(size)
        .min_idle(Some(idle))
        .thread_pool(threads)
        .test_on_check_out(false)
        .connection_timeout(PATIENCE)
        .max_lifetime((!lasting).then_some(Duration::from_secs(1800)))
        .idle_timeout((!lasting).then_some(Duration::from_secs(600)))
        .error_handler(Box::new(FailureLog { closing: connections.closing.clone() }))
        .build_unchecked(connections)
}

/// A free connection that still has another end.
pub(super) fn take(pool: &Pool<Connections>) -> Result<PooledConnection<Connections>, StorageError> {
    for _ in 0..=pool.max_size() {
        let mut connection =
            pool.get_timeout(PATIENCE).map_err(|e| StorageError::Unavailable(super::error::Cause::of(&e)))?;
        if !is_lost(&mut connection.db) {
            return Ok(connection);
        }
    }
    Err(StorageError::unavailable("every pooled connection was lost"))
}

#[derive(Debug)]
struct FailureLog {
    closing: Arc<AtomicBool>,
}

impl r2d2::HandleError<OpenError> for FailureLog {
    fn handle_error(&self, error: OpenError) {
        if !self.closing.load(Ordering::SeqCst) {
            tracing::warn!(error = %Causes(&error), "a database connection could not be opened");
        }
    }
}

#[cfg(test)]
mod tests;
