//! Token Status Lists (IETF draft-ietf-oauth-status-list): which static credentials were revoked.

mod bits;
mod jwt;
mod token;
mod verify;

pub use bits::{StatusBits, StatusListFault};
pub use jwt::{read_jwt, to_jwt_payload};
pub use token::{StatusListClaims, read_cwt, to_cwt_payload};
pub use verify::{is_revoked, read_list};

/// Media type of the CWT form, and type of the JWT form.
pub const CWT_TYPE: &str = "application/statuslist+cwt";
pub const JWT_TYPE: &str = "statuslist+jwt";
