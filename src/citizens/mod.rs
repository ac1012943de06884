//! The citizen store.

pub mod matching;
pub mod model;

pub use model::Citizen;
