//! The rows of e-ID.

pub mod accounts;
pub mod activations;
pub mod counters;
pub mod devices;
pub mod outbox;
pub mod sweep;
pub mod transactions;
