//! QR codes: read what a citizen shows, issue what can be trusted.

mod api;
pub mod card;
pub mod credential;
pub mod image;
pub mod model;
mod reactor;
mod said;
mod service;
pub mod status;
mod store;

pub use api::{QrApi, routes};
pub use said::{Omitted, OmittedReason, Said, say};
pub use service::{
    Issue, NewConfirmation, Qr, QrError, QrParts, Standing, StatusPlace, Verify, enter_confirmation, void_confirmation,
};
