//! What must hold when things fail.

mod connections;
mod heartbeat;
mod log;
mod notes;
mod storage;
