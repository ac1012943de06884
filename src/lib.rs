//! Dancu answers one question: is this person who they say they are, and where do they live?
//!
//! The map of the crate, top floor first; a room uses only rooms below it.

pub mod cli;
pub mod server;
pub mod console;
pub mod app;
pub mod forms;
pub mod stays;
pub mod residence;
pub mod oidc;
pub mod eid;
pub mod qr;
pub mod transparency;
pub mod citizens;
pub mod consent;
pub mod access;
pub mod clients;
pub mod audit;
pub mod sealing;
pub mod http;
pub mod storage;
pub mod telemetry;
pub mod config;
pub mod crypto;
pub mod kernel;

/// What the program allocates with. Buffers are made on one thread and freed on another (entries, by
/// the writer), for which the C library's allocator was seen to take up to a quarter of a look-up
/// from the cache (`docs/figures.md`).
pub use mimalloc::MiMalloc as Allocator;
