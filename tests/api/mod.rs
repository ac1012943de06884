//! The service as its clients meet it, a module per slice.

mod access;
mod citizens;
mod clients;
mod http;
mod qr;
mod residence;
mod transparency;
