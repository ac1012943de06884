//! The commands, run as `main` runs them.

mod clients;
mod exit;
mod facilities;
mod help;
mod link;
mod recorded;
mod token;
