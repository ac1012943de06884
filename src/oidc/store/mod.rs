//! The rows of the OpenID Provider.

pub mod backchannel;
pub mod codes;
pub mod interactions;
pub mod refresh_tokens;
pub mod requests;
