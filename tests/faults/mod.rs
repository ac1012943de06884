//! What must hold when things fail.

mod connections;
mod notes;
mod storage;
