//! The doors to the database: [`Store::read`], [`Store::write`], [`Store::bulk`].

mod backend;
mod error;
mod record;
pub mod schema;
mod store;

pub use backend::Db;
pub use error::StorageError;
pub use record::{Record, Slot, Trailer};
pub use store::{Reach, Store, StoreConfig, Tx};
