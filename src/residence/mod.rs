//! Residence checked and confirmed, without the household book.

mod api;
pub mod model;
mod pages;
mod reactor;
mod retention;
mod keyed_tables;
mod service;
mod store;

pub use api::{ResidenceApi, routes};
pub use keyed_tables::keyed_tables;
pub use retention::retention_rules;
pub use service::{
    Check, CheckAnswer, Checked, Confirm, ConfirmTold, ConfirmationStatus, JWS_TYPE, Residence, ResidenceError,
    ResidenceParts, ShownConfirmation, VerifiedConfirmation,
};
