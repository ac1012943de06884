//! Residence checked and confirmed, without the household book.

mod api;
pub mod model;
mod service;

pub use api::{ResidenceApi, routes};
pub use service::{Check, CheckAnswer, Checked, Residence, ResidenceParts};
