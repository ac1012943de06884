//! Dancu answers one question: is this person who they say they are, and where do they live?
//!
//! The map of the crate, top floor first; a room uses only rooms below it.

pub mod qr;
pub mod citizens;
pub mod access;
pub mod clients;
pub mod audit;
pub mod storage;
pub mod crypto;
pub mod kernel;
