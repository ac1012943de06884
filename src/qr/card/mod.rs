//! The QR printed on an identity card: plain text anyone can print. Reading it proves nothing.

mod fields;
mod look_alike;
mod text;

pub use look_alike::LookAlike;
pub use text::{CardText, CardTextFault};

#[cfg(test)]
mod tests;
