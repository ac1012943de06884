//! Stays: a facility reports its guests before the deadline, and can prove it.

mod api;
pub mod model;
mod service;
mod store;

pub use api::{StaysApi, routes};
pub use service::*;
