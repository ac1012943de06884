//! The interface as clients meet it, a module a slice.

mod http;
