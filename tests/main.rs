//! The one integration binary.

mod api;
mod architecture;
mod faults;
mod support;
