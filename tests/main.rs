//! The one integration binary.

mod api;
mod faults;
mod population;
mod support;
mod architecture;
