//! The audit's public face: checkpoints, tiles, proofs for clients about their own entries; and
//! what a citizen sees of it ([`me`]).

mod api;
pub mod me;
mod service;

pub use api::{TransparencyApi, routes};
pub use service::{Consistency, Inclusion, ProofTarget, ProofsError, Transparency};
