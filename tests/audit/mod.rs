//! The audit over the real store.

mod doubt;
mod expiry;
mod opening;
mod reading;
mod rig;
mod verifying;
mod writing;
