//! The OpenID Provider: citizens sign in to portals, approving each time on their own device.
//!
//! Nothing here says who a citizen is without an approval of this very request (Decree 69/2024
//! art. 19(4)): there is no session between clients.

mod endpoints;
mod grants;
mod keyed_tables;
mod model;
mod pages;
mod protocol;
mod retention;
mod service;
mod store;

pub use endpoints::{OidcApi, routes};
pub use keyed_tables::keyed_tables;
pub use pages::AuthorizePage;
pub use retention::retention_rules;
pub use service::{Oidc, OidcConfig, OidcParts};
