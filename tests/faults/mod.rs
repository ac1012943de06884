//! What must hold when things fail.

mod notes;
mod storage;
