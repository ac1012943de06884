//! Every access token and grant, browser sessions, and the [`Caller`] a handler receives.

mod api;
mod approved;
mod assertion;
mod caller;
mod client_form;
mod client_secret;
mod dpop;
mod error;
mod extractor;
mod fair_permits;
mod grants;
mod retention;
mod revoked;
mod scope;
mod service;
mod session;
mod store;
mod subjects;
mod token;
mod verify;

pub use api::{AccessApi, routes};
pub use approved::{Binding, Grant, NewGrant, Part, revoke_grants_of_citizen, revoke_grants_of_device};
pub use assertion::{ASSERTION_TYPE, Credentials};
pub use caller::{Caller, CitizenGrant, Denied};
pub(crate) use client_form::client_form;
pub use dpop::{ProofError, ProofFault, ProofTarget, Thumbprint};
pub use error::{AssertionFault, GrantError};
pub use extractor::{cookie_of, is_own_origin};
pub use fair_permits::{FairPermit, FairPermitLimits, FairPermits, NoPermit};
pub use grants::{GrantRequest, GrantType, TOKEN_PATH, TokenCall};
pub use retention::retention_rules;
pub use service::{Access, AccessConfig, AccessParts, OpenAccessError};
pub use session::{OneTimeCode, SessionCookie, SessionGrant, close_sessions_of_citizen, close_sessions_of_device};
pub use token::IssuedToken;
pub use verify::Verified;
