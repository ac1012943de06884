//! Pools of connections, by intent.

use std::time::Duration;

use diesel::connection::TransactionManager;
use diesel::r2d2::R2D2Connection;
use r2d2::{ManageConnection, Pool, PooledConnection};

use super::connect::{Intent, connect};
use super::failure::FailureWatch;
use super::location::Location;
use super::{Db, OpenError, StorageError};

/// How long a caller waits for a free connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Connections {
    location: Location,
    intent: Intent,
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

pub(super) fn build(location: &Location, intent: Intent, size: u32, idle: u32) -> Pool<Connections> {
    let lasting = location.is_sqlite();
    Pool::builder()
        .max_size(size)
        .min_idle(Some(idle))
        .test_on_check_out(false)
        .connection_timeout(PATIENCE)
        .max_lifetime((!lasting).then_some(Duration::from_secs(1800)))
        .idle_timeout((!lasting).then_some(Duration::from_secs(600)))
        .error_handler(Box::new(Told))
        .build_unchecked(Connections { location: location.clone(), intent })
}

/// A free connection that still has another end.
pub(super) fn take(pool: &Pool<Connections>) -> Result<PooledConnection<Connections>, StorageError> {
    for _ in 0..=pool.max_size() {
        let mut connection = pool.get_timeout(PATIENCE).map_err(|e| StorageError::Unavailable(e.to_string()))?;
        if !is_lost(&mut connection.db) {
            return Ok(connection);
        }
    }
    Err(StorageError::Unavailable("every pooled connection was lost".to_owned()))
}

#[derive(Debug)]
struct Told;

impl r2d2::HandleError<OpenError> for Told {
    fn handle_error(&self, error: OpenError) {
        tracing::warn!(%error, "a database connection could not be opened");
    }
}
