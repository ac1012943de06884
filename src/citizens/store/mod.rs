//! The SQL of the citizen store.

pub(super) mod apply;
pub mod bulk_write;
pub mod events;
pub mod guards;
pub mod import_runs;
pub mod kept_answers;
pub mod mark;
mod pace;
pub mod plan;
pub mod reactors;
pub mod read;
pub mod resealing;
pub mod rows;
mod statistics;
pub mod write;
