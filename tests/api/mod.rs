//! The service as its clients meet it, a module per slice.

mod access;
mod citizens;
mod clients;
mod consent;
mod http;
mod oidc;
mod qr;
mod transparency;
