//! The audit over the real store.

mod expiry;
mod opening;
mod reading;
mod rig;
mod verifying;
mod writing;
