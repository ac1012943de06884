//! The service as its clients meet it, a module per slice.

mod access;
mod citizens;
mod clients;
mod consent;
mod forms;
mod eid;
mod http;
mod me;
mod oidc;
mod pages;
mod qr;
mod recorded;
mod residence;
mod retention;
mod stays;
mod stopped;
mod transparency;
