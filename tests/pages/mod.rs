//! Pages in a real browser, as people meet them.

mod declare_once;
mod desk;
mod desk_again;
mod desk_eid;
mod desk_files;
mod holder;
mod landing;
mod me;
mod portal;
mod relying_party;
mod signing_in;
mod wallet;
