//! Token Status Lists (IETF draft-ietf-oauth-status-list): which static credentials were revoked.

mod bits;
mod token;

pub use bits::{StatusBits, StatusListFault};
pub use token::{StatusListClaims, read_cwt, to_cwt_payload};
