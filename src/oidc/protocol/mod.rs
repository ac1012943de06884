//! What travels, as pure types: parameters, scopes, claims, details, errors, documents.

mod claims;
mod details;
mod error;
mod id_token;
mod metadata;
mod parameters;
mod pkce;
mod scope;

pub use claims::{ClaimsAsked, told_of_oneself, userinfo_name};
pub use details::PopulationData;
pub use error::AuthorizationError;
pub use id_token::{IdToken, LogoutHint, access_token_hash};
pub use metadata::Metadata;
pub use parameters::{BackchannelParameters, Parameters};
pub use pkce::Challenge;
pub use scope::Scope;
