//! The one integration binary.

mod faults;
mod population;
mod support;
