//! The HTTP kit: problems, extractors, middleware, pages. Knows no slice.

pub mod anonymous;
pub mod connection;
mod contact;
pub mod context;
pub mod extract;
pub mod form;
mod language;
pub mod limits;
pub mod middleware;
pub mod oauth_call;
pub mod oauth_error;
pub mod openapi;
mod origin;
pub mod page;
pub mod problem;
pub mod release;
pub mod routes;

pub use anonymous::AnonymousRequest;
pub use contact::{CONTACT_PATH, Contact};
pub use context::{Arrival, RequestId};
pub use extract::{Input, Json};
pub use form::{Form, FormFault};
pub use limits::Limits;
pub use oauth_call::{DPOP_NONCE, OauthCall};
pub use oauth_error::OauthError;
pub use origin::address_of;
pub use problem::{Problem, ProblemKind};
pub use routes::Routes;
