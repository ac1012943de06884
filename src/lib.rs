//! Dancu answers one question: is this person who they say they are, and where do they live?
//!
//! The map of the crate, ground floor first; a room uses only rooms above it in this list.

pub mod crypto;
pub mod kernel;
