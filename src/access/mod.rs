//! Every access token and grant, and the [`Caller`] a handler receives.

mod api;
mod assertion;
mod caller;
mod error;
mod extractor;
mod form;
mod grants;
mod metadata;
mod scope;
mod service;
mod store;
mod token;
mod verify;

pub use api::{AccessApi, routes};
pub use assertion::ASSERTION_TYPE;
pub use caller::{Caller, CitizenGrant, Denied};
pub use error::{AssertionFault, GrantError};
pub use form::{Form, FormFault};
pub use metadata::Metadata;
pub use service::{Access, AccessConfig, AccessParts, NoKey};
pub use token::IssuedToken;
