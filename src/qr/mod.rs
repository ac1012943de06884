//! QR codes: read what a citizen shows, issue what can be trusted.

mod api;
pub mod card;
pub mod credential;
mod faults;
pub mod image;
pub mod model;
mod reactor;
mod retention;
mod said;
mod keyed_tables;
mod service;
pub mod status;
mod store;

pub use api::{QrApi, routes};
pub use faults::faults_of;
pub use keyed_tables::keyed_tables;
pub use retention::retention_rules;
pub use said::{Omitted, OmittedReason, Said, say};
pub use service::{
    ConfirmationStanding, HolderCredential, HolderQr, Issue, NewConfirmation, Picture, Presented, Qr, QrError, QrParts,
    Room, Shown, StatusPlace, VOIDER, Verify, enter_confirmation, enter_holder, spend, void_confirmation,
};
