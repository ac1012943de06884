//! The command line, one file a command.

pub mod clients;
pub mod token;
