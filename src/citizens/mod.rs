//! The citizen store.

pub mod change;
pub mod matching;
pub mod model;
pub mod sealing;
pub mod seed;
mod store;

pub use model::Citizen;
pub use store::bulk_write::{BulkWriter, Slice, SliceOutcome};
pub use store::mark::Mixed;
pub use store::plan::Refusal;
pub use store::write::{Upserted, WriteError, upsert};
