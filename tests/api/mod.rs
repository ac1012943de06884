//! The service as its clients meet it, a module per slice.

mod access;
mod citizens;
mod clients;
mod consent;
mod forms;
mod http;
mod oidc;
mod me;
mod pages;
mod qr;
mod transparency;
