//! The one integration binary.

mod api;
mod architecture;
