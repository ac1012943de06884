//! What every test may use.

mod backend;
mod browser;
pub mod camera;
pub mod house;
pub mod keys;
pub mod photos;
mod installation;
mod tls_wire;
pub mod warnings;
mod wire;

pub use backend::{Backend, for_each_backend, postgres_admin};
pub use browser::{Browser, Screen, Tab};
pub use installation::{Installation, operator};
pub use tls_wire::TlsWire;
pub use wire::{Cut, Wire};
