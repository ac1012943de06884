//! QR codes: read what a citizen shows, issue what can be trusted.

pub mod card;
pub mod credential;
pub mod image;
pub mod status;
