//! Forms as data: what they ask, where each field comes from, and prefilling them.
//!
//! A definition is a JSON Schema 2020-12 with a mapping from every field to an attribute, a
//! derivation, or "ask the citizen" (docs/forms.md). Shipped ones are part of the program
//! (`definitions/`); an operator's own lie in a folder that is read again when it changes.

mod api;
mod catalogue;
mod checking;
mod derive;
mod fill;
mod household;
mod model;
mod pages;
mod reading;
mod schema;
mod service;
mod words;

pub use api::{FormsApi, routes};
pub use catalogue::{FormsConfig, read_file};
pub use fill::{Filled, MissingReason, Prefilled, Provided, fill};
pub use household::Housemates;
pub use model::{Form, FormCode, FormFault, FormFaults, Origin};
pub use pages::{PORTAL_PROCEDURE, Portal, portal_routes};
pub use service::{Forms, FormsError, FormsParts, Outcome, Prefill, PrefillAnswer};
