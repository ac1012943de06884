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
    ConfirmationStanding, HolderCredential, HolderQr, Issue, NewConfirmation, Picture, Qr, QrError, QrParts, Room,
    Shown, StatusPlace, VOIDER, Verify, enter_confirmation, enter_holder, rows_under_version, void_confirmation,
};
