//! The service as its clients meet it, a module per slice.

mod access;
mod clients;
mod http;
