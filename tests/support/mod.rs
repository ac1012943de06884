//! What every test may use.

mod backend;

pub use backend::{Backend, for_each_backend};
