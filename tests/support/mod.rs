//! What every test may use.

mod backend;
pub mod house;

pub use backend::{Backend, for_each_backend, postgres_admin};
