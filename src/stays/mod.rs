//! Stays: a facility reports its guests before the deadline, and can prove it.

mod api;
pub mod formats;
mod keyed_tables;
pub mod model;
mod pages;
mod printed;
mod retention;
mod service;
mod store;

pub use api::{StaysApi, routes};
pub use keyed_tables::keyed_tables;
pub use pages::{Desk, DeskLink, desk_link, desk_routes};
pub use retention::retention_rules;
pub use service::*;
