//! The rows of QR.

pub mod answers;
pub mod credentials;
