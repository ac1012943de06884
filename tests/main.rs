//! The one integration binary.

mod api;
mod faults;
mod support;
mod architecture;
