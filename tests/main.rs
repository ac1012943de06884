//! The one integration binary.

mod api;
mod commands;
mod faults;
mod support;
mod architecture;
