//! Pages in a real browser, as people meet them.

mod holder;
mod landing;
mod signing_in;
mod wallet;
