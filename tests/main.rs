//! The one integration binary.

mod api;
mod audit;
mod faults;
mod population;
mod support;
mod architecture;
