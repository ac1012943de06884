//! The rows of residence.

pub mod confirmations;
