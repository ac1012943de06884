//! The rows of stays.

pub mod codec;
pub mod facilities;
pub mod guests;
pub mod officers;
pub mod resealing;
pub mod searching;
pub mod stays;
