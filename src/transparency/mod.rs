//! The audit's public face: checkpoints, tiles, and proofs for clients about their own entries.

mod api;
mod service;

pub use api::{TransparencyApi, routes};
pub use service::{Consistency, Inclusion, ProofTarget, ProofsError, Transparency};
