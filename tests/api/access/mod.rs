//! Tokens: given out, taken back, refused.

mod assertions;
mod bearer;
mod documents;
mod replay;
mod revoked;
mod token_endpoint;
