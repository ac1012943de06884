//! The doors to the database: [`Store::read`], [`Store::write`], [`Store::append`], [`Store::bulk`].
//!
//! A read takes a connection of the readers' pool. Every change goes to the one writer thread, which
//! runs what is waiting as a *commit group*: each change in a savepoint, the audit's records last,
//! one commit for all. Bulk work has transactions of its own.

mod alone;
mod backend;
mod bulk;
mod checkpoint;
mod connect;
mod dialect;
mod error;
mod failure;
mod follow;
mod gather;
mod group;
mod heartbeat;
mod job;
mod location;
mod lock;
mod log;
pub mod migrate;
mod pool;
mod record;
mod relay;
mod retention;
pub mod schema;
mod session;
mod store;
mod writer;

pub use backend::{Db, per_arm};
pub use bulk::{SQLITE_VALUES, insert_rows};
pub use connect::prepare_sqlite;
pub use error::{OpenError, StorageError};
pub use job::Tx;
pub use lock::ServingLock;
pub use log::LogStats;
pub use record::{Record, Slot, Trailer};
pub use retention::{Erase, RetentionRule, RetentionTerm, erase_ended};
pub use store::{Reach, Store, StoreConfig};
pub use writer::WriterStats;
