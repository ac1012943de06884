//! The commands, run as `main` runs them.

mod clients;
mod facilities;
mod link;
mod token;
