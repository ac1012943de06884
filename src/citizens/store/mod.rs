//! The SQL of the citizen store.

mod apply;
pub mod bulk_write;
pub mod plan;
pub mod rows;
pub mod write;
