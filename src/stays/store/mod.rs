//! The rows of stays.

pub mod facilities;
pub mod guests;
pub mod officers;
pub mod resealing;
pub mod searching;
pub mod stays;
