//! What every test may use.

mod backend;
pub mod house;
pub mod photos;
mod wire;

pub use backend::{Backend, for_each_backend, postgres_admin};
pub use wire::{Cut, Wire};
