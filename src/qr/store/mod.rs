//! The rows of QR.

pub mod credentials;
