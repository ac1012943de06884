//! The rows of access.

pub mod grants;
pub mod sessions;
pub mod spent;
pub mod subjects;
