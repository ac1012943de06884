//! What must hold when things fail.

mod connections;
mod heartbeat;
mod notes;
mod storage;
