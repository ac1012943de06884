//! The citizen store.

mod anchor;
mod cache;
pub mod change;
mod decoy;
mod disclose;
mod draft;
mod follower;
pub mod guard;
mod look_up;
pub mod matching;
mod metrics;
pub mod model;
mod reactor;
mod records;
mod resealing;
pub mod sealing;
pub mod seed;
mod service;
mod store;
mod verify;
mod warning;

pub use model::Citizen;
pub use store::bulk_write::{BulkWriter, Slice, SliceOutcome};
pub use store::plan::Refusal;
pub use store::write::{Upserted, WriteError, upsert};
