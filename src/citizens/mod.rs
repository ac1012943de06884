//! The citizen store.

pub mod model;

pub use model::Citizen;
