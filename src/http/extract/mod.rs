//! Extractors: handlers never see raw input.

mod hasty;
pub mod idempotency_key;
pub mod input;
pub mod json;
mod kernel;
pub mod purpose;
pub mod scalar;
#[cfg(test)]
mod tests;
mod tracked;
mod upload;

pub use idempotency_key::IdempotencyKey;
pub use input::{Expected, FromInput, Input, read_list, read_object};
pub use json::{Json, read_json_bytes};
pub use purpose::{OfficerRequest, PurposeRequest};
pub use scalar::{BoundedText, List, Whole};
pub use upload::{FormFault, FormPart, UploadTime, leave_unread, read_file_bytes, read_form};
