//! Citizens looked up and verified over HTTP, on both backends, with every part real.

pub mod desk;

mod batches;
mod caching;
mod failing;
mod guarding;
mod households;
mod lookups;
mod reacting;
mod refusals;
mod rotating;
mod status;
mod stopped;
mod verifying;
